"""An answer as a sentence that says no more than the model knows."""

from __future__ import annotations

import re
from collections.abc import Mapping

from cluster_core.model.prediction.predictor import Prediction

# Below the first the model does not know; from the second on it is seldom wrong.
SURE_SCORE, VERY_SURE_SCORE = 0.6, 0.8
_ALMOST_ALL, _ALMOST_NONE = 0.995, 0.005
_NAMED_WHEN_UNSURE = 3
_ONE_OF: Mapping[str, str] = {
    "globular clusters": "a globular cluster",
    "open clusters": "an open cluster",
    "galaxies": "a galaxy",
    "nebulae": "a nebula",
    "fields without a cluster": "a field without a cluster",
}
_STAR = re.compile(r"\bstars?\b")


def find_kind(label: str) -> str | None:
    """Return the demo class that a label means, however it is spelled: `Open_cluster`."""
    words = _STAR.sub(" ", label.lower().replace("_", " ").replace("-", " ")).split()
    meant = " ".join(words)
    for kind, one in _ONE_OF.items():
        if meant in (kind, one.split(" ", 1)[1]):
            return kind
    return None


def name_one(label: str) -> str:
    """Return what one picture of a class shows: `a globular cluster` of `globular clusters`."""
    kind = find_kind(label)
    return _ONE_OF[kind] if kind else label


def format_score(score: float) -> str:
    """Write a score from 0 to 1 so that no certainty is claimed: `93 %`, `over 99 %`."""
    if score >= _ALMOST_ALL:
        return "over 99 %"
    if score < _ALMOST_NONE:
        return "under 1 %"
    return f"{score:.0%}".replace("%", " %")


def is_sure(prediction: Prediction) -> bool:
    """Tell whether one class stands out, as the percentages that are shown say it."""
    return round(prediction.score, 2) >= SURE_SCORE


def describe_prediction(prediction: Prediction) -> str:
    """Say in words what a picture shows, and how sure the model is."""
    score = prediction.score
    if not is_sure(prediction):
        best = list(prediction.scores.items())[:_NAMED_WHEN_UNSURE]
        named = ", ".join(f"{label} {format_score(share)}" for label, share in best)
        return f"Hard to tell: {named}"
    word = "Most likely" if round(score, 2) >= VERY_SURE_SCORE else "Perhaps"
    return f"{word} {name_one(prediction.label)}, {format_score(score)}"
