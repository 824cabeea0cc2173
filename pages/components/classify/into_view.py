"""Scroll to a picture that was opened far down in the table."""

from __future__ import annotations

import streamlit as st

# The page may still be too short, and grows while the picture is drawn.
_SCROLLER = """
const PATIENCE_MS = 3000, STEP_MS = 100, STEADY_STEPS = 5, MARGIN_PX = 72;

export default function ({ data }) {
  const area = document.querySelector(`.st-key-${data.area}`);
  if (!area) return;
  area.style.scrollMarginTop = `${MARGIN_PX}px`;
  const end = Date.now() + PATIENCE_MS;
  const events = ["wheel", "touchmove", "pointerdown", "keydown"];
  let last = null, nSteady = 0;
  const stop = () => {
    clearInterval(timer);
    events.forEach((one) => document.removeEventListener(one, stop, true));
  };
  const timer = setInterval(() => {
    const top = area.getBoundingClientRect().top;
    const isSeen = top > 0 && top < window.innerHeight / 5;
    nSteady = isSeen && top === last ? nSteady + 1 : 0;
    last = top;
    if (!isSeen) area.scrollIntoView({ block: "start" });
    if (nSteady >= STEADY_STEPS || Date.now() > end) stop();
  }, STEP_MS);
  events.forEach((one) => document.addEventListener(one, stop, true));
  return stop;
}
"""
_scroll = st.components.v2.component("into_view", js=_SCROLLER)


def scroll_to(area: str, subject: int) -> None:
    """Scroll to the container with this key, once for each subject, unless it can be seen."""
    _scroll(key="into_view", data={"area": area, "subject": subject})
