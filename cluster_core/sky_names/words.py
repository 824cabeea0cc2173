"""Say in plain words what a picture shows, and whether a model agrees with the catalogue."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cluster_core.sky_names.catalogue import (
    CLUSTERS,
    GLOBULAR_CLUSTER,
    OPEN_CLUSTER,
    CatalogueObject,
)
from cluster_core.sky_names.identification import Identification

MAX_NAMES = 20
# A model's class is taken for one of the catalogue if its name has this word.
_WORDS = {"globular": GLOBULAR_CLUSTER, "open": OPEN_CLUSTER}
# Kinds that people call open clusters, or not, with equal right.
_NEITHER = frozenset(
    {
        "star cluster with nebula",
        "association of stars",
        "pair of open clusters",
        "star cloud",
        "asterism",
    }
)


@dataclass(frozen=True)
class ModelAnswer:
    """What a model says about a picture.

    Attributes
    ----------
    label : str
        The class with the best score.
    score : float
        0 to 1.
    verdict : str
        "label", "unsure" or "none of these".
    """

    label: str
    score: float
    verdict: str = "label"


def describe_objects(identification: Identification) -> str:
    """Name the objects in a picture: "M 13, a globular cluster (also IC 4617)".

    Returns
    -------
    str
        Empty if none is known.
    """
    main = identification.main
    if main is None:
        return ""
    others = list_names(identification)[1:]
    also = f" (also {', '.join(others)})" if others else ""
    return f"{_with_kind(main.object)}{also}"


def describe_with_model(identification: Identification, answer: ModelAnswer) -> str:
    """Say what a picture shows and what a model says, such as "M 13, a globular cluster; the …".

    Returns
    -------
    str
        One sentence, and a second one if they disagree; empty if no object is known.
    """
    main = identification.main
    if main is None:
        return ""
    says = "is unsure" if answer.verdict == "unsure" else f"says {answer.label}"
    if answer.verdict == "none of these":
        says = "says none of these"
    score = f", {_format_score(answer.score)}" if answer.verdict == "label" else ""
    text = f"{_with_kind(main.object)}; the model {says}{score}"
    return f"{text}. They disagree." if disagrees(identification, answer) else text


def disagrees(identification: Identification, answer: ModelAnswer) -> bool:
    """Tell whether a model contradicts the catalogue: a globular cluster called an open one."""
    main = identification.main
    return main is not None and contradicts(answer.label, answer.verdict, main.object.kind)


def contradicts(label: str, verdict: str, kind: str) -> bool:
    """Tell whether an answer contradicts the catalogue.

    An answer contradicts nothing if it is unsure, or if its class is not a kind of cluster.

    Parameters
    ----------
    label : str
        The class with the best score.
    verdict : str
        "label", "unsure" or "none of these".
    kind : str
        What the object is by the catalogue; empty if it is not known.
    """
    answered = find_kind(label)
    if not kind or answered is None or verdict == "unsure":
        return False
    if verdict == "none of these":
        return kind in CLUSTERS
    return kind not in ({answered, *_NEITHER} if answered == OPEN_CLUSTER else {answered})


def find_kind(label: str) -> str | None:
    """Return the catalogue's kind of object that a class is named after, or None."""
    words = re.split(r"[\W\d_]+", label.lower())
    found = {kind for word, kind in _WORDS.items() if word in words}
    return found.pop() if len(found) == 1 else None


def list_names(identification: Identification) -> list[str]:
    """Return the names of the objects, the main one first, and 20 at most."""
    main = identification.main
    others = [each.object.name for each in identification.objects if each is not main]
    return [main.object.name, *others][:MAX_NAMES] if main else []


def _format_score(score: float) -> str:
    """Format a score without ever claiming certainty."""
    return "over 99%" if round(100 * score) == 100 else f"{100 * score:.0f}%"  # noqa: PLR2004


def _with_kind(each: CatalogueObject) -> str:
    article = "an" if each.kind[0] in "aeiou" else "a"
    return f"{each.name}, {article} {each.kind}"
