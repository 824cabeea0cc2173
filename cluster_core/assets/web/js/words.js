// An answer in words that claim no more certainty than the model has.

import { LABEL, NONE_OF_THESE, UNSURE } from "./model.js";

/** Format a score from 0 to 1 without ever claiming certainty. */
export function formatScore(score) {
  if (score >= 0.995) return "over 99%";
  if (score < 0.005) return "under 1%";
  return `${Math.round(100 * score)}%`;
}

/** The answer as a headline. */
export function describeAnswer({ verdict, label, scores }, model) {
  if (verdict === NONE_OF_THESE) return "None of these";
  if (verdict === UNSURE) return "Hard to tell";
  const isVerySure = Math.round(100 * scores[label]) / 100 >= model.verySure;
  return `${isVerySure ? "Most likely" : "Perhaps"} ${model.singular[model.labels[label]]}`;
}

/** A sentence below the headline. */
export function explainAnswer({ verdict, label }, model) {
  return {
    [NONE_OF_THESE]: "This picture is unlike those that the model learned from. It would be most like:",
    [UNSURE]: "The model is not sure. It leans towards:",
    [LABEL]: "",
  }[verdict];
}
