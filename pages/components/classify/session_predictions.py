"""Answers of this session, kept so that no rerun looks at a picture twice."""

from __future__ import annotations

import base64
import io
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from cluster_core.errors import ImageError
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.model.prediction.details import (
    AS_TRAINED,
    FitsChoice,
    predict_with_details,
    shrink_to_show,
)
from cluster_core.model.prediction.predictor import Prediction, Predictor
from pages.components.picture_input import MOST_PICTURES, GivenPicture

V = TypeVar("V")
_VIEWS_KEPT = 12
_THUMBNAIL_SIDE_PX = 96


class BoundedCache(OrderedDict[Hashable, V], Generic[V]):
    """A mapping that forgets what was not asked for the longest time."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def look_up(self, key: Hashable) -> V | None:
        """Return what is kept under a key, or None."""
        if key in self:
            self.move_to_end(key)
        return self.get(key)

    def keep(self, key: Hashable, value: V) -> V:
        """Keep a value, and forget the oldest where there are too many."""
        self[key] = value
        while len(self) > self.most:
            self.popitem(last=False)
        return value


@dataclass(frozen=True)
class PredictionRow:
    """A line of a table: what a picture shows, or why it could not be read.

    Attributes
    ----------
    name : str
    prediction : Prediction or None
    problem : str or None
    thumbnail : str
        A data address of a small JPEG; empty where there is no picture.
    """

    name: str
    prediction: Prediction | None
    problem: str | None
    thumbnail: str


@dataclass(frozen=True)
class PredictionView:
    """All there is to show of one picture.

    Attributes
    ----------
    picture, seen : bytes
        As people see it, a JPEG, and as the model saw it, a PNG.
    side_px : int
        Side of the square that the model saw.
    prediction : Prediction
    seconds : float
        From the file to the answer.
    """

    picture: bytes
    seen: bytes
    side_px: int
    prediction: Prediction
    seconds: float


def find_row(model: ModelSummary, picture: GivenPicture) -> PredictionRow | None:
    """Return the answer this session has had already, or None."""
    return _rows().look_up((picture.id, model.manifest_sha256))


def keep_row(model: ModelSummary, picture: GivenPicture, answer: PredictionRow) -> None:
    """Keep an answer as long as the session lasts, or until there are too many."""
    _rows().keep((picture.id, model.manifest_sha256), answer)


def predict_row(predictor: Predictor, picture: GivenPicture) -> PredictionRow:
    """Answer for one of many pictures; in any thread, so nothing of the session is touched."""
    try:
        look = predict_with_details(predictor, picture.read(), picture.name)
    except ImageError as error:
        return PredictionRow(picture.name, None, str(error), "")
    small = _encode(shrink_to_show(look.picture, _THUMBNAIL_SIDE_PX), "JPEG")
    address = f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"
    return PredictionRow(picture.name, look.prediction, None, address)


def predict_view(
    model: ModelSummary,
    predictor: Predictor,
    picture: GivenPicture,
    choice: FitsChoice = AS_TRAINED,
) -> PredictionView:
    """Answer for one picture, from memory where it was looked at in the same way before.

    Raises
    ------
    ImageError
        It cannot be read.
    """
    kept: BoundedCache[PredictionView] = st.session_state.setdefault(
        "full answers", BoundedCache(_VIEWS_KEPT)
    )
    key = (picture.id, model.manifest_sha256, choice)
    if found := kept.look_up(key):
        return found
    look = predict_with_details(predictor, picture.read(), picture.name, choice)
    answer = PredictionView(
        picture=_encode(look.picture, "JPEG"),
        seen=_encode(look.seen, "PNG"),
        side_px=look.seen.shape[0],
        prediction=look.prediction,
        seconds=look.seconds,
    )
    return kept.keep(key, answer)


def _rows() -> BoundedCache[PredictionRow]:
    kept: BoundedCache[PredictionRow] = st.session_state.setdefault(
        "short answers", BoundedCache(MOST_PICTURES)
    )
    return kept


def _encode(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, quality=90)
    return file.getvalue()
