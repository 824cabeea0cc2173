"""One picture of the simulated sky, from a kind and a source of chance."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PIL import Image

from cluster_core.sky.camera import (
    compress_brightness,
    sample_degradation,
    sample_frame,
    sample_point_spread,
    sample_processing,
    sample_sensor,
)
from cluster_core.sky.frame import SkyLabels
from cluster_core.sky.kinds import KINDS
from cluster_core.sky.optics import form_image


@dataclass(frozen=True)
class SkyPicture:
    """A rendered picture and the truth about it.

    Attributes
    ----------
    kind : str
        Its kind, a key of `KINDS`.
    pixels : ndarray of shape (size, size, 3), uint8
        The picture.
    labels : SkyLabels
        What it shows besides its kind.
    """

    kind: str
    pixels: npt.NDArray[np.uint8]
    labels: SkyLabels


def render_picture(
    rng: np.random.Generator,
    kind: str,
    size_px: int = 128,
    side_px: int | None = None,
    *,
    degraded: bool = True,
) -> SkyPicture:
    """Draw a scene of one kind, photograph it, develop it and send it through the web.

    Parameters
    ----------
    rng : numpy.random.Generator
        The source of chance; the same state gives the same pixels.
    kind : str
        A key of `KINDS`.
    size_px : int
        Side of the result, to which every shape of picture is squeezed.
    side_px : int, optional
        Side of the picture before that; drawn at random if not given.
    degraded : bool
        Whether it went through the web, and lost by it: captions, frames, small copies.
        If not, it keeps its shape and the size it was developed in.
    """
    frame = sample_frame(rng, side_px)
    scene = compress_brightness(rng, KINDS[kind].draw(rng, frame))
    spread = sample_point_spread(rng, frame)
    light = frame.crop(form_image(scene, spread))
    raw = sample_sensor(rng).expose(rng, light)
    picture = sample_processing(rng, raw).apply(raw)
    image = Image.fromarray((picture * 255.0 + 0.5).astype(np.uint8))
    if degraded:
        image = sample_degradation(rng, frame).apply(rng, image, (size_px, size_px))
    labels = replace(scene.labels, log_fwhm=float(np.log10(spread.fwhm_px / frame.size_px)))
    return SkyPicture(kind, np.asarray(image), labels)
