// Example pictures that the owner has chosen.

import { make } from "./elements.js";
import { fetchFile } from "./fetching.js";

/** Show the examples; `answer` gets a list with the file that is chosen, `report` an error. */
export function showExamples(names, answer, report) {
  document.getElementById("examples").hidden = !names.length;
  document.getElementById("example-list").append(...names.map((name, index) => {
    const picture = make("img", { src: name, alt: `Example ${index + 1}`, loading: "lazy" });
    const button = make("button", { type: "button", className: "example" }, [picture]);
    button.addEventListener("click", async () => {
      try {
        const content = await (await fetchFile(name)).blob();
        answer([new File([content], `Example ${index + 1}`)]);
      } catch (error) {
        report(error);
      }
    });
    return button;
  }));
}
