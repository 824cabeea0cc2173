// How good the model is, and how it was trained.

import { make } from "./elements.js";

/** Show the card of a model. */
export function showCard({ card, labels }) {
  const rows = card.rows.flatMap(([name, text]) => [make("dt", { textContent: name }), make("dd", { textContent: text })]);
  const content = document.getElementById("card-content");
  content.append(make("p", { textContent: card.accuracy }), make("dl", {}, rows));
  if (card.confusion.length) content.append(makeConfusion(card.confusion, labels));
}

function makeConfusion(confusion, labels) {
  const head = make("tr", {}, [make("td"), ...labels.map((label) => make("th", { scope: "col", textContent: label }))]);
  const rows = confusion.map((counts, truth) => make("tr", {}, [
    make("th", { scope: "row", textContent: labels[truth] }),
    ...counts.map((count, answer) => make("td", { className: truth === answer ? "right" : "", textContent: count })),
  ]));
  const caption = make("caption", { textContent: "Test pictures: their class in the rows, the answer in the columns" });
  return make("div", { className: "table" }, [make("table", {}, [caption, make("thead", {}, [head]), make("tbody", {}, rows)])]);
}
