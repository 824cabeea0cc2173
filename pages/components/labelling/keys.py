"""Keys on the pages Label and Classify, as far as Streamlit's shortcuts do not handle them."""

from __future__ import annotations

import streamlit as st

NONE_AREA = "label_none_area"
# A select box takes the focus back while its list closes.
_RELEASE_MS = 50

# Streamlit takes one shortcut for a button. N clicks the button, whose key changes with the
# picture, so that a second press never labels a picture not yet seen. A key held down would label
# picture after picture: its repetitions are dropped, but for the arrows.
# A main area that was clicked on keeps the focus, and would be framed as soon as a key is pressed.
# A switch or select box keeps it as well, and would take the keys: after a choice with the mouse
# it loses the focus, but not after one with the keyboard, whose user goes on from there.
_WATCHER = """
export default function ({ data }) {
  const isTyping = (event) =>
    event.target.closest("input, textarea, [contenteditable=true], [role=dialog]");
  const press = (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.activeElement?.dataset.testid === "stMain") document.activeElement.blur();
    if (event.key.toLowerCase() !== "n") return;
    document.querySelector(`.st-key-${data.area} button`)?.click();
  };
  const dropRepetition = (event) => {
    if (!event.repeat || isTyping(event)) return;
    if (event.key.length > 1 && event.key !== "Backspace") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  const release = (event) => {
    const isKey = event.detail === 0;
    if (isKey || !event.target.closest("[role=option], [data-testid=stCheckbox]")) return;
    setTimeout(() => {
      const focused = document.activeElement;
      if (focused?.closest("[role=dialog]")) return;
      if (focused?.closest("[data-testid=stSelectbox], [data-testid=stCheckbox]")) focused.blur();
    }, data.release_ms);
  };
  document.addEventListener("keydown", press);
  window.addEventListener("keydown", dropRepetition, true);
  document.addEventListener("click", release, true);
  return () => {
    document.removeEventListener("keydown", press);
    window.removeEventListener("keydown", dropRepetition, true);
    document.removeEventListener("click", release, true);
  };
}
"""
_watch = st.components.v2.component("label_keys", js=_WATCHER)


def watch_keys() -> None:
    """Let N click the button in the container `NONE_AREA`, once, and controls not keep the keys."""
    _watch(key="label_keys", data={"area": NONE_AREA, "release_ms": _RELEASE_MS})
