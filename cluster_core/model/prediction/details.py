"""One picture and what a model makes of it, with all that is worth showing."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cluster_core.images import FitsStretch, decode_fits, decode_image, is_fits
from cluster_core.model.prediction.predictor import Prediction, Predictor

# Nobody needs to see more of a picture of which the model sees a hundred pixels.
SHOWN_SIDE_PX = 640


@dataclass(frozen=True)
class FitsChoice:
    """What to look at in a FITS file, and how; other pictures know no such choice.

    Attributes
    ----------
    hdu : int or None
        The part of the file, from 0; the first picture when not given.
    plane : int or None
        The plane of a cube, from 0; see `decode_fits`.
    stretch : FitsStretch or None
        How brightness becomes grey levels; as the model was trained when not given.
    """

    hdu: int | None = None
    plane: int | None = None
    stretch: FitsStretch | None = None


AS_TRAINED = FitsChoice()


@dataclass(frozen=True)
class PredictionDetails:
    """A picture that was looked at.

    Attributes
    ----------
    picture : ndarray of uint8, (height, width, 3)
        As people see it, at most 640 pixels a side.
    seen : ndarray of uint8, (size, size, 3)
        As the model saw it.
    prediction : Prediction
    seconds : float
        From the file's bytes to the scores.
    """

    picture: np.ndarray
    seen: np.ndarray
    prediction: Prediction
    seconds: float


def predict_with_details(
    predictor: Predictor, data: bytes, name: str, choice: FitsChoice = AS_TRAINED
) -> PredictionDetails:
    """Decode a file, and let a model answer what it shows.

    Raises
    ------
    ImageError
        It cannot be read, or has no such part or plane.
    """
    begin = time.perf_counter()
    preprocessing = predictor.bundle.preprocessing
    stretch = choice.stretch or preprocessing.stretch
    side_px = preprocessing.size_px
    if is_fits(data):
        pixels = decode_fits(
            data,
            name,
            hdu=choice.hdu,
            plane=choice.plane,
            stretch=stretch,
            min_side_px=side_px,
        )
    else:
        pixels = decode_image(data, name, min_side_px=side_px)
    seen = preprocessing.shrink(pixels)
    prediction = predictor.predict_pixels(seen)
    seconds = time.perf_counter() - begin
    return PredictionDetails(shrink_to_show(pixels, SHOWN_SIDE_PX), seen, prediction, seconds)


def shrink_to_show(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Return an RGB picture with its longer side no longer than that."""
    if max(pixels.shape[:2]) <= side_px:
        return pixels
    picture = Image.fromarray(pixels)
    picture.thumbnail((side_px, side_px), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(picture)
