"""Frames without an object: bias, dark, flat, noise, clouds, star trails, plain colours."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.clouds import sample_turbulence
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens
from pretraining.others.textures import add_points, draw_centre, draw_colour, draw_size


def _stretch(rng: np.random.Generator, counts: Floats) -> Floats:
    """Show counts as grey levels, as autostretch does: between two quantiles, or raised."""
    low, high = np.quantile(counts, [rng.uniform(0.0, 0.2), 1 - 10 ** rng.uniform(-4, -1.3)])
    shown = np.clip((counts - low) / max(high - low, 1e-6), 0.0, 1.0) ** rng.uniform(0.4, 1.2)
    return shown * rng.uniform(0.15, 1.0) + rng.uniform(0.0, 0.2)


def _colour(rng: np.random.Generator, grey: Floats) -> Floats:
    """Turn grey levels into RGB, grey or with a cast."""
    cast = draw_colour(rng, np.ones(3, np.float32), 0.0 if happens(rng, 0.6) else 0.2)
    return np.clip(grey[:, :, None] * cast, 0.0, 1.0)


def draw_bias(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a bias frame: read noise, often with columns, rows or a gradient."""
    rows, columns = frame.shape
    counts = rng.normal(0.0, 1.0, frame.shape)
    counts += rng.exponential(0.6) * happens(rng, 0.6) * rng.normal(0, 1, columns)[None, :]
    counts += rng.exponential(0.4) * happens(rng, 0.4) * rng.normal(0, 1, rows)[:, None]
    counts += rng.exponential(1.0) * happens(rng, 0.4) * np.linspace(-1, 1, rows)[:, None]
    return _colour(rng, _stretch(rng, counts))


def draw_dark(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a dark frame: hot pixels on noise, sometimes with the glow of the amplifier."""
    counts = rng.normal(0.0, 1.0, frame.shape).astype(np.float32)
    if happens(rng, 0.3):
        rows, columns = frame.shape
        corner = (rng.choice([0, columns]), rng.choice([0, rows]))
        reach = np.float32(draw_size(rng, frame, 0.05, 0.5))
        counts += rng.uniform(2, 30) * np.exp(-frame.radii(corner) / reach)
    bands = []
    for _ in range(1 if happens(rng, 0.5) else 3):
        hot = counts.copy()
        count = int(draw_log_uniform(rng, (20, 4000)))
        add_points(rng, hot, np.ones(frame.shape), count, draw_log_uniform(rng, (3, 30)))
        bands.append(hot)
    top = max(float(np.quantile(bands[0], 1 - 10 ** rng.uniform(-4, -2))), 3.0)
    shown = [np.clip((band + 2) / (top + 2), 0, 1) ** rng.uniform(0.4, 1.0) for band in bands]
    return np.stack(shown * (3 // len(shown)), axis=-1)


def draw_flat(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a flat frame: vignetting, shadows of dust, and a little noise."""
    radius = frame.radii(draw_centre(rng, frame, 0.1)) / np.float32(frame.size_px)
    counts = 1.0 - rng.uniform(0.05, 0.8) * radius**2
    for _ in range(rng.poisson(6)):
        around = frame.radii(draw_centre(rng, frame, 0.4))
        size = np.float32(draw_size(rng, frame, 0.01, 0.08))
        shadow = np.exp(-(((around / size - 1) / 0.35) ** 2))
        counts = counts - rng.uniform(0.01, 0.12) * shadow
    counts = counts + rng.normal(0.0, rng.uniform(0.0, 0.03), frame.shape)
    if happens(rng, 0.5):
        return _colour(rng, _stretch(rng, counts))
    return _colour(rng, counts * rng.uniform(0.2, 1.0))


def draw_plain(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a plain frame of one colour or a gradient, with little noise."""
    rows, columns = frame.shape
    level = rng.uniform(0.0, 1.0) ** rng.choice([1.0, 3.0])
    across = np.linspace(-1, 1, columns)[None, :] * rng.normal(0, 1)
    down = np.linspace(-1, 1, rows)[:, None] * rng.normal(0, 1)
    slope = rng.exponential(0.1) * happens(rng, 0.5)
    grey = level + slope * (across + down)
    grey = grey + rng.normal(0, 1, frame.shape) * 10 ** rng.uniform(-4, -1.5)
    return _colour(rng, grey)


def draw_noise(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw noise of any kind: white or coarse, grey or coloured, weak or strong."""
    coloured = happens(rng, 0.5)
    slope = rng.choice([0.0, 0.0, 0.5, 1.0, 2.0])
    bands = [sample_turbulence(rng, frame.shape, slope) for _ in range(3 if coloured else 1)]
    noise = np.stack(bands * (3 // len(bands)), axis=-1)
    if happens(rng, 0.3):
        noise = 2 * rng.random(noise.shape) - 1
    return np.clip(rng.uniform(0.05, 0.6) + noise * draw_log_uniform(rng, (0.02, 0.6)), 0, 1)


def draw_clouded(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a clouded sky by night or day, or one spoiled by light."""
    clouds = sample_turbulence(rng, frame.shape, rng.uniform(2.6, 4.2))
    grey = rng.uniform(0.1, 0.7) + rng.uniform(0.03, 0.2) * clouds
    rows = frame.shape[0]
    grey = grey + rng.normal(0, 0.2) * np.linspace(-1, 1, rows)[:, None]
    grey = grey + rng.normal(0, 1, frame.shape) * 10 ** rng.uniform(-3, -1.5)
    stars = np.zeros(frame.shape, np.float32)
    add_points(rng, stars, np.ones(frame.shape), int(rng.integers(0, 12)), 0.3)
    colours = ((1, 1, 1), (1.0, 0.75, 0.5), (0.75, 0.85, 1.0))
    colour = draw_colour(rng, np.array(colours[rng.integers(3)], np.float32), 0.1)
    return np.clip((grey + stars)[:, :, None] * colour, 0.0, 1.0)


def draw_trails(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw star trails: arcs around the pole, which may be outside the frame, or lines."""
    pole = draw_centre(rng, frame, rng.choice([0.2, 3.0]))
    x, y = frame.offsets(pole)
    radius, angle = np.hypot(x, y), np.arctan2(y, x)
    length = draw_log_uniform(rng, (0.12, 1.5))
    light = np.zeros((*frame.shape, 3), np.float32)
    corners = [radius[0, 0], radius[0, -1], radius[-1, 0], radius[-1, -1]]
    for _ in range(int(draw_log_uniform(rng, (20, 140)))):
        orbit = rng.uniform(float(radius.min()), float(max(corners)))
        along = (angle - rng.uniform(-np.pi, np.pi)) % (2 * np.pi)
        width = rng.uniform(0.5, 1.2)
        trail = (along < length) * np.exp(-(((radius - orbit) / width) ** 2))
        colour = draw_colour(rng, np.ones(3, np.float32), 0.15)
        light += (np.float32(rng.uniform(0.1, 1.0) ** 2) * trail)[:, :, None] * colour
    sky = draw_colour(rng, np.ones(3, np.float32), 0.2) * rng.uniform(0.0, 0.2)
    picture: Floats = light + sky + rng.normal(0, 0.01, light.shape)
    if happens(rng, 0.4):
        picture = add_landscape(rng, picture)
    return np.clip(picture, 0.0, 1.0)


def add_landscape(rng: np.random.Generator, picture: Floats) -> Floats:
    """Cover the lower part of a picture with a dark landscape."""
    rows, columns, _ = picture.shape
    hills = np.cumsum(rng.normal(0, 1, columns)) * rng.uniform(0.3, 2.0)
    horizon = rows * rng.uniform(0.5, 0.95) + hills - hills.mean()
    ground = np.arange(rows)[:, None] > horizon[None, :]
    shade = draw_colour(rng, np.ones(3, np.float32), 0.3) * rng.uniform(0.0, 0.15)
    covered: Floats = np.where(ground[:, :, None], shade, picture)
    return covered
