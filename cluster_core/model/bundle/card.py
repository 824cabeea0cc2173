"""Read how a model was trained from its manifest, whose fields may contain anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cluster_core.model.bundle.bundle import ModelBundle
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.bundle.summaries import clean_title
from cluster_core.storage.saved_values import MAX_COUNT
from cluster_core.workspace import Workspace

_MAX_SETTINGS = 60
_MAX_TEXT_LENGTH = 100


@dataclass(frozen=True)
class ModelCard:
    """How a model was trained.

    Attributes
    ----------
    counts : mapping of str to int
        Number of pictures of each class in its dataset; empty if not recorded.
    confusion : tuple of tuple of int
        Number of test pictures by true class (row) and answer (column), both in the order
        of the labels; empty if it was not tested.
    settings : mapping of str to str
        Settings of the training, by name.
    input_size_px : int
        Side of the square input picture in pixels.
    uses_sky_views : bool
        Whether its answers are the mean over all eight symmetries of a picture.
    """

    counts: Mapping[str, int]
    confusion: tuple[tuple[int, ...], ...]
    settings: Mapping[str, str]
    input_size_px: int
    uses_sky_views: bool


def load_card(workspace: Workspace, model_id: str) -> ModelCard:
    """Read how a model was trained.

    Parameters
    ----------
    workspace : Workspace
        The workspace of the model.
    model_id : str
        Name of its folder, or `starter`.

    Returns
    -------
    ModelCard
        Fields of the manifest that make no sense are left out.

    Raises
    ------
    BundleError
        If there is no such model, or it is damaged.
    """
    return read_card(load_bundle(model_dir(workspace, model_id)))


def read_card(bundle: ModelBundle) -> ModelCard:
    """Return how a model was trained; fields that make no sense are left out."""
    return ModelCard(
        counts=_read_counts(bundle.dataset.get("counts"), bundle.labels),
        confusion=_read_confusion(bundle.metrics.get("test"), len(bundle.labels)),
        settings=_read_settings(bundle.settings),
        input_size_px=bundle.preprocessing.size_px,
        uses_sky_views=len(bundle.view_list) > 1,
    )


def _read_counts(counts: object, labels: tuple[str, ...]) -> dict[str, int]:
    if not isinstance(counts, Mapping):
        return {}
    return {label: counts[label] for label in labels if _is_count(counts.get(label))}


def _read_confusion(test: object, n_labels: int) -> tuple[tuple[int, ...], ...]:
    rows = test.get("confusion") if isinstance(test, Mapping) else None
    if not isinstance(rows, list) or len(rows) != n_labels:
        return ()
    for row in rows:
        if not isinstance(row, list) or len(row) != n_labels or not all(map(_is_count, row)):
            return ()
    table = tuple(tuple(row) for row in rows)
    return table if any(map(any, table)) else ()


def _read_settings(settings: Mapping[str, Any]) -> dict[str, str]:
    shown = {}
    for name, value in list(settings.items())[:_MAX_SETTINGS]:
        if isinstance(value, str | int | float):
            text = f"{value:g}" if isinstance(value, float) else str(value)[: 2 * _MAX_TEXT_LENGTH]
            shown[clean_title(name)[:_MAX_TEXT_LENGTH]] = clean_title(text)[:_MAX_TEXT_LENGTH]
    return shown


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_COUNT
