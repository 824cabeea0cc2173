"""Full answers to single pictures, cached in the session."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import (
    AS_TRAINED,
    FitsChoice,
    PredictionDetails,
    predict_with_details,
)
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor
from pages.components.picture_input import InputPicture

V = TypeVar("V")
_VIEWS_KEPT = 12


class BoundedCache(OrderedDict[Hashable, V], Generic[V]):
    """A mapping that drops the least recently used entry when it is full.

    Parameters
    ----------
    max_size : int
        Number of entries to keep.
    """

    def __init__(self, max_size: int) -> None:
        super().__init__()
        self.max_size = max_size

    def look_up(self, key: Hashable) -> V | None:
        """Return the value of a key and mark it as used, or return None."""
        if key in self:
            self.move_to_end(key)
        return self.get(key)

    def keep(self, key: Hashable, value: V) -> V:
        """Store and return a value; drop the least recently used entry if the cache is full."""
        self[key] = value
        while len(self) > self.max_size:
            self.popitem(last=False)
        return value


@dataclass(frozen=True)
class PredictionView:
    """One picture and its answer, ready to show.

    Attributes
    ----------
    picture, seen : bytes
        The picture as a JPEG, and as the model sees it as a PNG.
    side_px : int
        Side of the square that the model sees.
    prediction : Prediction
    seconds : float
        Time from reading the file to the answer.
    """

    picture: bytes
    seen: bytes
    side_px: int
    prediction: Prediction
    seconds: float


def keep_view(model: ModelSummary, picture: InputPicture, details: PredictionDetails) -> None:
    """Keep an answer for `predict_view`, so that a single picture is not classified twice."""
    _get_cache().keep(_make_key(model, picture, AS_TRAINED), _make_view(details))


def predict_view(
    model: ModelSummary,
    predictor: Predictor,
    picture: InputPicture,
    choice: FitsChoice = AS_TRAINED,
) -> PredictionView:
    """Classify one picture, or return the cached answer for the same model and choices.

    Raises
    ------
    ImageError
        The picture cannot be read.
    """
    cache, key = _get_cache(), _make_key(model, picture, choice)
    if found := cache.look_up(key):
        return found
    details = predict_with_details(predictor, picture.read(), picture.name, choice)
    return cache.keep(key, _make_view(details))


def _get_cache() -> BoundedCache[PredictionView]:
    cache: BoundedCache[PredictionView] = st.session_state.setdefault(
        "full answers", BoundedCache(_VIEWS_KEPT)
    )
    return cache


def _make_key(model: ModelSummary, picture: InputPicture, choice: FitsChoice) -> Hashable:
    return picture.id, model.manifest_sha256, choice


def _make_view(details: PredictionDetails) -> PredictionView:
    return PredictionView(
        picture=_encode(details.picture, "JPEG"),
        seen=_encode(details.seen, "PNG"),
        side_px=details.seen.shape[0],
        prediction=details.prediction,
        seconds=details.seconds,
    )


def _encode(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()
