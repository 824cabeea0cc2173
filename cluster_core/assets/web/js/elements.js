// Elements of the page. Texts are set as texts, never as HTML.

/** Make an element with properties and children. */
export function make(tag, properties = {}, children = []) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}
