// Example pictures that the owner has chosen.

import { make } from "./elements.js";

/** Show the examples; `answer` gets a list with the file that is chosen. */
export function showExamples(names, answer) {
  document.getElementById("examples").hidden = !names.length;
  document.getElementById("example-list").append(...names.map((name, index) => {
    const picture = make("img", { src: name, alt: `Example ${index + 1}`, loading: "lazy" });
    const button = make("button", { type: "button", className: "example" }, [picture]);
    button.addEventListener("click", async () => {
      const content = await (await fetch(name)).blob();
      answer([new File([content], `Example ${index + 1}`)]);
    });
    return button;
  }));
}
