"""Everything about a model that its page needs besides the network: model.json and tables."""

from __future__ import annotations

from typing import Any

import numpy as np

from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.export.web.card import describe_card
from cluster_core.model.novelty.saving import to_record, to_table
from cluster_core.model.prediction.words import VERY_SURE_SCORE, name_one

FORMAT_VERSION = 1


def make_record(bundle: ModelBundle) -> dict[str, Any]:
    """Return what the page reads from model.json, except for names of files.

    Parameters
    ----------
    bundle : ModelBundle
        The model.
    """
    return {
        "format": FORMAT_VERSION,
        "labels": list(bundle.labels),
        "singular": {label: name_one(label) for label in bundle.labels},
        "sizePx": bundle.preprocessing.size_px,
        "views": len(bundle.view_list),
        "features": len(bundle.head.weights),
        "temperature": bundle.head.temperature,
        "unsureBelow": bundle.unsure_below,
        "verySure": VERY_SURE_SCORE,
        "novelty": to_record(bundle.novelty) if bundle.novelty is not None else None,
        "deepByType": bundle.preprocessing.version == 1,
        "card": describe_card(bundle),
    }


def make_tables(bundle: ModelBundle) -> bytes:
    """Return the arrays of a model, one after the other, as little-endian float32.

    Parameters
    ----------
    bundle : ModelBundle
        The model.

    Returns
    -------
    bytes
        The head, (n_features + 1, n_labels), with the bias as its last row. For a model that
        measures novelty, its table follows: see `novelty.saving.to_table`.
    """
    tables = [np.vstack([bundle.head.weights, bundle.head.bias])]
    if bundle.novelty is not None:
        tables.append(to_table(bundle.novelty))
    return b"".join(table.astype("<f4").tobytes() for table in tables)
