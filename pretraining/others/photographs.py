"""Everyday pictures, as display values from 0 to 1: what natural images have in common.

Photographs consist of objects that hide each other, with sizes that follow a power law
(dead leaves), shaded and textured, in front of something out of focus [1]_.

References
----------
.. [1] Lee, A. B., Mumford, D. & Huang, J. 2001, "Occlusion models for natural images: a
   statistical study of a scale-invariant dead leaves model", Int. J. Comput. Vision 41, 35.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from cluster_core.sky.clouds import sample_turbulence
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens
from pretraining.others.frames import add_landscape
from pretraining.others.textures import draw_centre, draw_colour, draw_lognormal, draw_size

WHITE = np.ones(3, np.float32)


def _draw_outline(rng: np.random.Generator, x: float, y: float, size: float) -> list[float]:
    """Return a closed outline: round, angular or irregular, as x, y, x, y ..."""
    count = int(rng.choice([3, 4, 5, 24, 24]))
    angles = (
        np.sort(rng.uniform(0, 2 * np.pi, count)) if count < 10 else np.linspace(0, 6.28, count)
    )
    radius = size * (1 + 0.3 * rng.random(count) * happens(rng, 0.5))
    squeeze, turn = rng.uniform(0.3, 1.0), rng.uniform(0, np.pi)
    along, across = radius * np.cos(angles), squeeze * radius * np.sin(angles)
    xs = x + along * np.cos(turn) - across * np.sin(turn)
    ys = y + along * np.sin(turn) + across * np.cos(turn)
    outline: list[float] = np.stack([xs, ys], axis=1).ravel().tolist()
    return outline


def draw_leaves(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw objects of all sizes that hide each other, in colours of one scene."""
    rows, columns = frame.shape
    base = draw_colour(rng, WHITE, 0.5) * rng.uniform(0.2, 0.8)
    picture = np.ones((rows, columns, 3), np.float32) * base
    texture = np.stack([sample_turbulence(rng, frame.shape, 2.4) for _ in range(2)])
    for _ in range(int(draw_log_uniform(rng, (6, 90)))):
        size = min(draw_size(rng, frame, 0.02, 0.08) * rng.random() ** -0.7, frame.size_px)
        mask = Image.new("L", (columns, rows))
        outline = _draw_outline(rng, rng.uniform(0, columns), rng.uniform(0, rows), size)
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        share = np.asarray(mask.filter(ImageFilter.BoxBlur(rng.uniform(0, 2))), np.float32) / 255
        colour = draw_colour(rng, base, rng.uniform(0.1, 0.9))
        surface = 1 + rng.uniform(0, 0.3) * texture[rng.integers(2)]
        surface = surface + rng.normal(0, 0.3) * np.linspace(-1, 1, rows)[:, None]
        share = share[:, :, None]
        picture = picture * (1 - share) + share * surface[:, :, None] * colour
    return _expose(rng, picture)


def draw_object(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw one or a few shaded objects on a plain or blurred background."""
    background = rng.uniform(0.1, 1.0) + 0.15 * sample_turbulence(rng, frame.shape, 4.0)
    picture = background[:, :, None] * draw_colour(rng, WHITE, 0.3)
    for _ in range(1 + rng.poisson(1.0)):
        centre, size = draw_centre(rng, frame, 0.15), draw_size(rng, frame, 0.05, 0.4)
        radius = frame.radii(centre, flattening=rng.uniform(0, 0.6), angle_rad=rng.uniform(0, 3.2))
        share = 1 / (1 + np.exp(np.clip((radius - size) / rng.uniform(0.4, 2.0), -50, 50)))
        x, y = frame.offsets(centre)
        light = 1 - 0.5 * (x * rng.normal(0, 0.7) + y * rng.normal(0, 0.7)) / np.float32(size)
        pattern = 1 + rng.uniform(0, 0.5) * sample_turbulence(rng, frame.shape, rng.uniform(2, 4))
        surface = np.clip(light * pattern, 0.0, 2.0)[:, :, None] * draw_colour(rng, WHITE, 0.7)
        picture = picture * (1 - share[:, :, None]) + share[:, :, None] * surface * 0.6
    return _expose(rng, picture)


def draw_texture(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a surface that fills the frame: stone, grass, fabric, bricks, tiles."""
    rows, columns = frame.shape
    grey = 0.5 + rng.uniform(0.05, 0.25) * sample_turbulence(rng, frame.shape, rng.uniform(0.8, 3))
    if happens(rng, 0.5):
        x, y = np.arange(columns)[None, :], np.arange(rows)[:, None]
        angle, period = rng.uniform(0, np.pi), draw_log_uniform(rng, (3, 60))
        wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period)
        other = np.sin(2 * np.pi * (y * np.cos(angle) - x * np.sin(angle)) / period / 1.5)
        pattern = wave if happens(rng, 0.5) else np.maximum(wave, other)
        if happens(rng, 0.5):
            pattern = np.sign(pattern)
        grey = grey + rng.uniform(0.05, 0.4) * pattern
    picture = grey[:, :, None] * draw_colour(rng, WHITE, 0.25)
    return _expose(rng, picture)


def draw_scenery(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a landscape under a sky of any hour; by night with stars and the Milky Way."""
    rows = frame.shape[0]
    height = np.linspace(0, 1, rows)[:, None, None]
    top, horizon = draw_colour(rng, WHITE, 0.5), draw_colour(rng, WHITE, 0.5)
    is_night = happens(rng, 0.4)
    level = rng.uniform(0.02, 0.3) if is_night else rng.uniform(0.3, 0.9)
    picture: Floats = np.ones((1, frame.shape[1], 1)) * level
    picture = picture * (top * (1 - height) + horizon * height)
    if is_night:
        band = frame.radii(
            draw_centre(rng, frame, 0.2), flattening=0.8, angle_rad=rng.uniform(0, 3)
        )
        cloud = np.exp(-band / np.float32(0.3 * frame.size_px)) * draw_lognormal(
            rng, frame, 0.5, 2.8
        )
        picture = picture + (rng.uniform(0, 0.4) * cloud)[:, :, None]
        stars = (rng.random(frame.shape) > 1 - 10 ** rng.uniform(-3.5, -1.5)) * rng.random(
            frame.shape
        )
        picture = picture + stars[:, :, None]
    else:
        clouds = np.clip(0.3 * sample_turbulence(rng, frame.shape, 3.4), 0, 1)
        picture = picture + (rng.uniform(0, 0.6) * clouds)[:, :, None]
    for _ in range(rng.integers(1, 4)):
        picture = add_landscape(rng, picture)
    return _expose(rng, picture)


def draw_cells(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw what a microscope shows: cells or grains, bright on dark or dark on bright."""
    picture = np.zeros((*frame.shape, 3), np.float32)
    size, colour = draw_size(rng, frame, 0.01, 0.12), draw_colour(rng, WHITE, 0.6)
    for _ in range(int(draw_log_uniform(rng, (4, 70)))):
        centre = draw_centre(rng, frame, 0.4)
        own = size * rng.uniform(0.6, 1.4)
        radius = frame.radii(centre, flattening=rng.uniform(0, 0.5), angle_rad=rng.uniform(0, 3.2))
        body = 1 / (1 + np.exp(np.clip((radius - own) / (0.08 * own + 0.5), -50, 50)))
        rim = np.exp(-(((radius / own - 1) / 0.15) ** 2))
        inner = body * rng.uniform(0.2, 0.8) + rim * rng.uniform(0, 0.5)
        picture = np.maximum(picture, inner[:, :, None] * draw_colour(rng, colour, 0.1))
    picture = picture * (1 + 0.2 * sample_turbulence(rng, frame.shape, 2.0))[:, :, None]
    picture = picture + rng.uniform(0, 0.1)
    return _expose(rng, 1 - picture if happens(rng, 0.5) else picture)


def _expose(rng: np.random.Generator, picture: Floats) -> Floats:
    """Photograph a scene: focus, exposure, contrast, saturation and noise."""
    image = Image.fromarray((np.clip(picture, 0, 1) * 255).astype(np.uint8))
    if happens(rng, 0.5):
        image = image.filter(ImageFilter.GaussianBlur(rng.exponential(0.8)))
    shot = (np.asarray(image, np.float32) / 255) ** draw_log_uniform(rng, (0.6, 1.8))
    grey = shot.mean(axis=2, keepdims=True)
    shot = grey + (0.0 if happens(rng, 0.2) else rng.uniform(0.3, 1.3)) * (shot - grey)
    shot = shot * draw_log_uniform(rng, (0.5, 1.4)) + rng.normal(0, 0.02, shot.shape)
    return np.clip(shot, 0.0, 1.0)
