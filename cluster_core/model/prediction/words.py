"""Put an answer into words that claim no more certainty than the model has."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cluster_core.model.prediction.prediction import Prediction, Verdict

# From this score on a model is rarely wrong.
VERY_SURE_SCORE = 0.8
_ROUNDS_TO_ONE, _ROUNDS_TO_ZERO = 0.995, 0.005
_N_NAMED_WHEN_UNSURE = 3
_SINGULAR: Mapping[str, str] = {
    "globular clusters": "a globular cluster",
    "open clusters": "an open cluster",
    "galaxies": "a galaxy",
    "nebulae": "a nebula",
    "fields without a cluster": "a field without a cluster",
}
_STAR = re.compile(r"\bstars?\b")


def find_kind(label: str) -> str | None:
    """Return the demo class that a label means in any spelling, such as `Open_cluster`, or None."""
    words = _STAR.sub(" ", label.lower().replace("_", " ").replace("-", " ")).split()
    meant = " ".join(words)
    for kind, one in _SINGULAR.items():
        if meant in (kind, one.split(" ", 1)[1]):
            return kind
    return None


def name_one(label: str) -> str:
    """Return the singular of a demo class, `a globular cluster`, or else the label itself."""
    kind = find_kind(label)
    return _SINGULAR[kind] if kind else label


def format_score(score: float) -> str:
    """Format a score from 0 to 1 without ever claiming certainty: `93%`, `over 99%`."""
    if score >= _ROUNDS_TO_ONE:
        return "over 99%"
    if score < _ROUNDS_TO_ZERO:
        return "under 1%"
    return f"{score:.0%}"


def describe_prediction(prediction: Prediction) -> str:
    """Describe an answer and how sure it is: `Most likely an open cluster, 93%`."""
    score = prediction.score
    if prediction.verdict is Verdict.NONE_OF_THESE:
        return "None of these"
    if prediction.verdict is Verdict.UNSURE:
        best = list(prediction.scores.items())[:_N_NAMED_WHEN_UNSURE]
        named = ", ".join(f"{label} {format_score(score)}" for label, score in best)
        return f"Hard to tell: {named}"
    word = "Most likely" if round(score, 2) >= VERY_SURE_SCORE else "Perhaps"
    return f"{word} {name_one(prediction.label)}, {format_score(score)}"


def name_verdict(prediction: Prediction) -> str:
    """Return the label, or the verdict if it is not a label: `unsure` or `none of these`."""
    is_label = prediction.verdict is Verdict.LABEL
    return prediction.label if is_label else prediction.verdict.value


def describe_novelty(prediction: Prediction) -> str:
    """Return the novelty in two digits: `novelty=0.93`, or `novelty not measured`."""
    if prediction.novelty is None:
        return "novelty not measured"
    return f"novelty={prediction.novelty:.2f}"
