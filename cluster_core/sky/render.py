"""Render a picture of one kind of simulated sky."""

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
from cluster_core.sky.frame import Scene, SkyLabels
from cluster_core.sky.kinds import KINDS
from cluster_core.sky.optics import PointSpread, form_image


@dataclass(frozen=True)
class SkyPicture:
    """A rendered picture and its ground truth.

    Attributes
    ----------
    kind : str
        Its kind, a key of `KINDS`.
    pixels : ndarray of shape (rows, columns, 3), uint8
        The picture in RGB.
    labels : SkyLabels
        Physical properties of what it shows.
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
    """Draw a random scene of one kind, expose it, process it and degrade it as the web does.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same pixels.
    kind : str
        A key of `KINDS`.
    size_px : int
        Side of the square to which a degraded picture of any shape is squeezed.
    side_px : int, optional
        Side of a square of the same area before that; drawn at random if omitted.
    degraded : bool
        Whether to add what pictures suffer on the web: borders, captions, JPEG artefacts,
        low resolution. If False, the picture keeps its shape and original size.

    Returns
    -------
    SkyPicture

    Raises
    ------
    KeyError
        If the kind is unknown.
    """
    frame = sample_frame(rng, side_px)
    scene = KINDS[kind].draw(rng, frame)
    image, spread = photograph(rng, scene)
    if degraded:
        image = sample_degradation(rng, frame).apply(rng, image, (size_px, size_px))
    labels = replace(scene.labels, log_fwhm=float(np.log10(spread.fwhm_px / frame.size_px)))
    return SkyPicture(kind, np.asarray(image), labels)


def photograph(rng: np.random.Generator, scene: Scene) -> tuple[Image.Image, PointSpread]:
    """Record a scene with a random telescope and camera, and process the raw frame.

    Parameters
    ----------
    rng : numpy.random.Generator
    scene : Scene

    Returns
    -------
    picture : PIL.Image.Image
        In RGB, of the size of the frame.
    spread : PointSpread
        How telescope and atmosphere blurred it.
    """
    scene = compress_brightness(rng, scene)
    spread = sample_point_spread(rng, scene.frame)
    light = scene.frame.crop(form_image(scene, spread))
    raw = sample_sensor(rng).expose(rng, light)
    picture = sample_processing(rng, raw).apply(raw)
    return Image.fromarray((picture * 255.0 + 0.5).astype(np.uint8)), spread
