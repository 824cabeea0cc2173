"""All kinds of pictures that are not star clusters, and how to render one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from cluster_core.sky import KINDS
from cluster_core.sky.camera import sample_degradation, sample_frame
from cluster_core.sky.fields import FieldKind
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.render import photograph, render_picture
from pretraining.others import documents, frames, galaxies, nebulae, photographs, solar_system

SIZE_PX = 128
# An object counts as visible if a share of the picture is brighter than the sky by this much.
MIN_AREA, MAX_AREA, MIN_CONTRAST = 0.0015, 0.7, 0.06
MAX_TRIES = 20
# Drawn as light, which goes through a telescope, a camera and its processing.
SCENES: dict[str, FieldKind] = {
    "spiral": FieldKind((4.0, 600.0), galaxies.draw_spiral, (8.0, 500.0)),
    "edge_on": FieldKind((4.0, 600.0), galaxies.draw_edge_on, (8.0, 400.0)),
    "elliptical": FieldKind((4.0, 400.0), galaxies.draw_elliptical, (5.0, 200.0)),
    "irregular": FieldKind((4.0, 1000.0), galaxies.draw_irregular, (8.0, 300.0)),
    "galaxy_group": FieldKind((4.0, 300.0), galaxies.draw_group, (8.0, 200.0)),
    "deep_field": FieldKind((1.0, 40.0), galaxies.draw_deep_field, (8.0, 200.0)),
    "galaxy_pair": FieldKind((4.0, 400.0), galaxies.draw_pair, (8.0, 400.0)),
    "emission": FieldKind((20.0, 3000.0), nebulae.draw_emission, (8.0, 400.0)),
    "planetary": FieldKind((8.0, 2000.0), nebulae.draw_planetary, (8.0, 400.0)),
    "remnant": FieldKind((20.0, 2000.0), nebulae.draw_remnant, (20.0, 600.0)),
    "reflection": FieldKind((10.0, 1500.0), nebulae.draw_reflection, (12.0, 400.0)),
    "dark_cloud": FieldKind((50.0, 4000.0), nebulae.draw_dark, (6.0, 80.0), (0.5, 3.0)),
    "comet": FieldKind((4.0, 800.0), nebulae.draw_comet, (8.0, 500.0)),
}
# Drawn as they appear in a file.
PICTURES: dict[str, Callable[[np.random.Generator, Frame], Floats]] = {
    "planet": solar_system.draw_planet,
    "moon": solar_system.draw_moon,
    "sun": solar_system.draw_sun,
    "bias": frames.draw_bias,
    "dark": frames.draw_dark,
    "flat": frames.draw_flat,
    "plain": frames.draw_plain,
    "noise": frames.draw_noise,
    "clouded": frames.draw_clouded,
    "trails": frames.draw_trails,
    "text": documents.draw_text,
    "plot": documents.draw_plot,
    "chart": documents.draw_chart,
    "screenshot": documents.draw_screenshot,
    "diagram": documents.draw_diagram,
    "leaves": photographs.draw_leaves,
    "object": photographs.draw_object,
    "texture": photographs.draw_texture,
    "scenery": photographs.draw_scenery,
    "cells": photographs.draw_cells,
}
# From the sky that the backbone learned.
OLD_KINDS = (
    "galaxy_elliptical",
    "galaxy_spiral",
    "nebula_bright",
    "nebula_planetary",
    "cloud_dark",
)
OTHER_KINDS = (*SCENES, *PICTURES, *OLD_KINDS)


def render_other(
    rng: np.random.Generator, kind: str, size_px: int = SIZE_PX
) -> npt.NDArray[np.uint8]:
    """Render a picture that is not a star cluster, as it might be found on the web.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same pixels.
    kind : str
        One of `OTHER_KINDS`.
    size_px : int
        Side of the square to which it is squeezed.

    Returns
    -------
    ndarray of shape (size_px, size_px, 3), uint8

    Raises
    ------
    KeyError
        If the kind is unknown.
    """
    if kind in KINDS:
        return render_picture(rng, kind, size_px).pixels
    frame = sample_frame(rng)
    if kind in SCENES:
        image = _photograph_visibly(rng, SCENES[kind], frame)
    else:
        picture = frame.crop(PICTURES[kind](rng, frame))
        image = Image.fromarray((picture * 255.0 + 0.5).astype(np.uint8))
    return np.asarray(sample_degradation(rng, frame).apply(rng, image, (size_px, size_px)))


def _photograph_visibly(rng: np.random.Generator, kind: FieldKind, frame: Frame) -> Image.Image:
    """Photograph scenes until the object can be seen, and not only the stars around it."""
    for _ in range(MAX_TRIES):
        scene = kind.draw(rng, frame)
        image, _ = photograph(rng, scene)
        if scene.glow is None or _is_visible(image, frame.crop(scene.glow).max(axis=2)):
            break
    return image


def _is_visible(image: Image.Image, light: Floats) -> bool:
    """Return whether a picture is brighter, or darker, where an object's light is."""
    grey = np.asarray(image.convert("L"), np.float32) / 255.0
    is_object = light > 0.2 * np.quantile(light, 1 - MIN_AREA)
    if is_object.mean() < MIN_AREA:
        return False
    if is_object.mean() > MAX_AREA:  # it fills the frame: its own structure has to show
        low, high = np.quantile(light, [0.2, 0.8])
        is_object, is_sky = light >= high, light <= low
    else:
        is_sky = ~is_object
    return bool(np.median(grey[is_object]) - np.median(grey[is_sky]) > MIN_CONTRAST)
