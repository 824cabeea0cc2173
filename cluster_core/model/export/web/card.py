"""How good a model is and how it was trained, in sentences for its page."""

from __future__ import annotations

from typing import Any

from cluster_core.model.backbones.shipped import STARTER
from cluster_core.model.bundle.accuracy import (
    STARTER_ACCURACY,
    describe_accuracy,
    read_accuracy,
    read_test,
)
from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.card import read_card

_SHOWN_SETTINGS = (
    ("how_many_training_steps", "Training steps"),
    ("learning_rate", "Learning rate"),
    ("validation_percentage", "Validation pictures in %"),
    ("testing_percentage", "Test pictures in %"),
)


def describe_card(bundle: ModelBundle) -> dict[str, Any]:
    """Return how good a model is and how it was trained, ready for JSON.

    Returns
    -------
    dict
        `accuracy`, a sentence; `rows`, pairs of a name and a text; `confusion`, the number of
        test pictures by true class (row) and answer (column), empty if it was not tested.
    """
    card = read_card(bundle)
    views = "eight: turned and mirrored" if card.uses_sky_views else "one: as the picture is"
    rows = [
        ("Network", bundle.backbone.name),
        ("Trained", bundle.created[:10]),
        ("Pictures", _count(card.counts)),
        ("Looks at", f"{card.input_size_px} × {card.input_size_px} pixels"),
        ("Views", views),
        *((name, card.settings.get(key, "")) for key, name in _SHOWN_SETTINGS),
    ]
    n_test, n_right, _ = read_test(bundle.metrics)
    if n_test:
        rows.append(("Final test", f"{n_right:,} of {n_test:,} pictures labelled correctly"))
    accuracy = describe_accuracy(read_accuracy(bundle.metrics))
    return {
        "accuracy": STARTER_ACCURACY if bundle.name == STARTER else accuracy,
        "rows": [row for row in rows if row[1]],
        "confusion": [list(row) for row in card.confusion],
    }


def _count(counts: Any) -> str:
    total = sum(counts.values())
    named = ", ".join(f"{label} {count:,}" for label, count in counts.items())
    return f"{total:,} ({named})" if total else ""
