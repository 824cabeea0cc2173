"""A second key for "None of these", on the pages Label and Classify."""

from __future__ import annotations

import streamlit as st

NONE_AREA = "label_none_area"

# Streamlit takes one shortcut for a button. N clicks the button, whose key changes with the
# picture, so that a second press never labels a picture not yet seen. A main area that was clicked
# on keeps the focus, and would be framed as soon as a key is pressed.
_WATCHER = """
export default function ({ data }) {
  const press = (event) => {
    const target = event.target;
    if (target.closest("input, textarea, [contenteditable=true], [role=dialog]")) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.activeElement?.dataset.testid === "stMain") document.activeElement.blur();
    if (event.key.toLowerCase() !== "n" || event.repeat) return;
    document.querySelector(`.st-key-${data.area} button`)?.click();
  };
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}
"""
_watch = st.components.v2.component("label_keys", js=_WATCHER)


def watch_keys() -> None:
    """Let the key N click the button in the container `NONE_AREA`."""
    _watch(key="label_keys", data={"area": NONE_AREA})
