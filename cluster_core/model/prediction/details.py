"""Label one picture, and return everything that a page shows of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from cluster_core.images import (
    FitsStretch,
    check_not_blank,
    decode_fits,
    describe_loss,
    is_fits,
    noting_losses,
)
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.predictor import Predictor

# Enough to look at a picture, of which the model itself sees one or two hundred pixels.
SHOWN_SIDE_PX = 640


@dataclass(frozen=True)
class FitsChoice:
    """Which picture of a FITS file to label, and how to stretch it.

    Attributes
    ----------
    hdu : int or None
        Index of the HDU; None for the first that contains a picture.
    plane : int or None
        Index of the plane of a cube; None for the default of `decode_fits`.
    stretch : FitsStretch or None
        Mapping of brightness to grey levels; None for that of the model's training.
    """

    hdu: int | None = None
    plane: int | None = None
    stretch: FitsStretch | None = None


AS_TRAINED = FitsChoice()


@dataclass(frozen=True)
class PredictionDetails:
    """A labelled picture.

    Attributes
    ----------
    picture : ndarray of uint8, (height, width, 3)
        RGB, for display; neither side is longer than `SHOWN_SIDE_PX`.
    seen : ndarray of uint8, (size, size, 3)
        RGB, the input of the model.
    prediction : Prediction
        The answer.
    seconds : float
        Time from the file's bytes to the scores.
    """

    picture: np.ndarray
    seen: np.ndarray
    prediction: Prediction
    seconds: float


def predict_with_details(
    predictor: Predictor, data: bytes, name: str, choice: FitsChoice = AS_TRAINED
) -> PredictionDetails:
    """Decode a picture file and label it.

    Parameters
    ----------
    predictor : Predictor
        The model.
    data : bytes
        Content of the file.
    name : str
        Name of the file, for error messages.
    choice : FitsChoice, optional
        For a FITS file; other pictures ignore it.

    Returns
    -------
    PredictionDetails

    Raises
    ------
    ImageError
        If the file cannot be read or is blank, or a FITS file has no such HDU or plane.
    """
    started_s = time.perf_counter()
    preprocessing = predictor.bundle.preprocessing
    if choice.stretch:
        preprocessing = replace(preprocessing, stretch=choice.stretch)
    with noting_losses() as losses:
        if is_fits(data):
            pixels = decode_fits(
                data,
                name,
                hdu=choice.hdu,
                plane=choice.plane,
                stretch=preprocessing.stretch,
                min_side_px=preprocessing.size_px,
            )
            check_not_blank(pixels, name)
        else:
            pixels = preprocessing.decode_whole(data, name)
    seen = preprocessing.shrink(pixels)
    prediction = replace(predictor.predict_resized(seen, name), warning=describe_loss(name, losses))
    seconds = time.perf_counter() - started_s
    return PredictionDetails(shrink_to_show(pixels, SHOWN_SIDE_PX), seen, prediction, seconds)


def shrink_to_show(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Shrink a picture so that neither side is longer than a limit.

    Parameters
    ----------
    pixels : ndarray of uint8, (height, width, 3)
        RGB.
    side_px : int
        The limit in pixels.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        With the same aspect ratio; the same array if it is small enough already.
    """
    if max(pixels.shape[:2]) <= side_px:
        return pixels
    picture = Image.fromarray(pixels)
    picture.thumbnail((side_px, side_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(picture)
