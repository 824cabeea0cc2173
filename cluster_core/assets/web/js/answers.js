// Shows answers in the order of the pictures, and a summary.

import { make } from "./elements.js";
import { drawHeatMap, drawPicture, makeSmall } from "./heat_map.js";
import { LABEL } from "./model.js";
import { describeAnswer, explainAnswer, formatScore } from "./words.js";

const MAX_BARS = 6;
const list = document.getElementById("answers");
const summary = document.getElementById("summary");
const counts = new Map(); // how many pictures have each answer, in the order of the first ones

document.getElementById("clear").addEventListener("click", () => {
  list.replaceChildren();
  counts.clear();
  summary.hidden = true;
});

/** Show the answer for one picture. */
export function showAnswer({ name, whole, answer }, model) {
  const card = make("article", { className: `answer ${answer.verdict.replaceAll(" ", "-")}` });
  const small = makeSmall(whole); // the whole picture may be large, and is not needed any more
  const canvas = drawPicture(small);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", name);
  const text = make("div", { className: "text" }, [
    make("h2", { textContent: describeAnswer(answer, model) }),
    make("p", { className: "name", textContent: name }),
    ...[explainAnswer(answer, model)].filter(Boolean).map((sentence) => make("p", { textContent: sentence })),
    makeBars(answer, model),
  ]);
  if (answer.evidence) text.append(makeHeatMapButton(canvas, small, answer, model));
  card.dataset.scores = JSON.stringify([...answer.scores]);
  card.dataset.label = model.labels[answer.label];
  card.dataset.verdict = answer.verdict;
  card.dataset.novelty = answer.novelty ?? "";
  card.append(canvas, text);
  append(card, answer.verdict === LABEL ? model.labels[answer.label] : answer.verdict);
}

/** Show why there is no answer for a file. */
export function showRefusal(name, sentence) {
  append(make("article", { className: "answer refused" }, [
    make("div", { className: "text" }, [
      make("h2", { textContent: "This file cannot be used" }),
      make("p", { className: "name", textContent: name }),
      make("p", { textContent: sentence }),
    ]),
  ]), "without an answer");
}

function append(card, group) {
  list.append(card);
  counts.set(group, (counts.get(group) ?? 0) + 1);
  const parts = [...counts].map(([name, count]) => `${count} ${name}`);
  document.getElementById("summary-text").textContent =
    `${list.children.length} pictures: ${parts.join(", ")}`;
  summary.hidden = list.children.length < 2;
}

function makeBars({ scores }, { labels }) {
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a]);
  const bars = order.map((label, rank) => make("li", { hidden: rank >= MAX_BARS }, [
    make("span", { className: "label", textContent: labels[label] }),
    makeMeter(scores[label]),
    make("span", { className: "score", textContent: formatScore(scores[label]) }),
  ]));
  const shown = make("ul", { className: "bars" }, bars);
  if (order.length <= MAX_BARS) return shown;
  const more = make("button", { type: "button", className: "quiet", textContent: `Show all ${order.length} classes` });
  more.addEventListener("click", () => {
    bars.forEach((bar) => { bar.hidden = false; });
    more.remove();
  });
  return make("div", {}, [shown, more]);
}

function makeMeter(score) {
  const fill = make("span", { className: "fill" });
  fill.style.width = `${100 * score}%`; // through the style object, which the security policy allows
  const meter = make("span", { className: "meter", ariaHidden: "true" }, [fill]);
  return meter;
}

function makeHeatMapButton(canvas, small, answer, model) {
  const label = model.labels[answer.label];
  const button = make("button", { type: "button", className: "quiet", textContent: "Why?", ariaPressed: "false" });
  const legend = make("p", { className: "legend", hidden: true }, [
    make("span", { className: "for", textContent: `speaks for ${label}` }),
    make("span", { className: "against", textContent: "speaks against it" }),
  ]);
  button.addEventListener("click", () => {
    const isShown = button.ariaPressed !== "true";
    if (isShown) drawHeatMap(canvas, small, answer.evidence);
    else drawPicture(small, canvas);
    button.ariaPressed = String(isShown);
    button.textContent = isShown ? "Show the picture" : "Why?";
    legend.hidden = !isShown;
  });
  return make("div", { className: "why" }, [button, legend]);
}
