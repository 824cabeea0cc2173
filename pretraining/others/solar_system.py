"""The Moon, the Sun and planets, as display values from 0 to 1."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens
from pretraining.others.textures import draw_centre, draw_colour, draw_lognormal, draw_size

PLANET_COLOURS = tuple(
    np.array(colour, np.float32)
    for colour in ((1.0, 0.85, 0.65), (1.0, 0.6, 0.4), (1.0, 0.97, 0.85), (0.6, 0.85, 1.0))
)
WHITE = np.ones(3, np.float32)


def _draw_ball(
    rng: np.random.Generator, frame: Frame, centre: tuple[float, float], radius_px: float
) -> tuple[Floats, Floats, Floats]:
    """Return x, y and z on a ball's surface in radii, z being 0 outside its soft edge."""
    x, y = frame.offsets(centre)
    x, y = x / np.float32(radius_px), y / np.float32(radius_px)
    z = np.sqrt(np.maximum(1.0 - x**2 - y**2, 0.0))
    return x, y, z


def _light(
    rng: np.random.Generator, ball: tuple[Floats, Floats, Floats], phase_rad: float
) -> Floats:
    """Return how brightly the Sun lights a ball, 0 to 1; at a phase of 0 it is full."""
    x, y, z = ball
    turn = rng.uniform(0.0, 2.0 * np.pi)
    side = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    lit = z * np.float32(np.cos(phase_rad)) + side * np.float32(np.sin(phase_rad))
    return np.clip(lit, 0.0, 1.0) * (z > 0)


def draw_planet(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a planet with bands, spots, caps or rings, and sometimes its moons."""
    centre, radius_px = draw_centre(rng, frame, 0.1), draw_size(rng, frame, 0.01, 0.45)
    ball = _draw_ball(rng, frame, centre, radius_px)
    x, y, _ = ball
    tilt = np.float32(rng.uniform(-0.6, 0.6))
    latitude = y * np.cos(tilt) + x * np.sin(tilt)
    wobble = np.log(draw_lognormal(rng, frame, 1.0, 3.2))
    kind = rng.choice(["bands", "blotches", "smooth"], p=[0.55, 0.25, 0.2])
    surface = np.ones(frame.shape, np.float32)
    if kind == "bands":
        for frequency in rng.uniform(4.0, 22.0, 3):
            waves = np.sin(frequency * latitude + rng.uniform(0, 6.3) + 0.3 * wobble)
            surface += np.float32(rng.uniform(0.05, 0.25)) * waves
        spot = frame.radii((centre[0] + 0.4 * radius_px, centre[1] + 0.35 * radius_px))
        surface -= rng.uniform(0.0, 0.4) * np.exp(-((spot / (0.2 * radius_px)) ** 2))
    elif kind == "blotches":
        surface += np.clip(0.35 * wobble, -0.6, 0.6) + 0.6 * (np.abs(latitude) > 0.9)
    phase = rng.exponential(0.25) if happens(rng, 0.8) else rng.uniform(0.5, 2.6)
    brightness = _light(rng, ball, phase) ** rng.uniform(0.3, 0.8)
    colour = draw_colour(rng, PLANET_COLOURS[rng.integers(4)], 0.1)
    picture: Floats = (brightness * np.maximum(surface, 0.05))[:, :, None] * colour
    if happens(rng, 0.3):
        picture = _add_rings(rng, frame, picture, (centre, radius_px, float(tilt)))
    for number in range(rng.integers(0, 5) if happens(rng, 0.5) else 0):
        place = centre[0] + rng.normal(0, 4) * radius_px, centre[1] + 0.2 * number * radius_px
        moon = np.exp(-((frame.radii(place) / draw_size(rng, frame, 0.003, 0.01)) ** 2))
        picture = picture + (rng.uniform(0.2, 1.0) * moon)[:, :, None]
    exposure = draw_log_uniform(rng, (0.6, 3.0))
    return np.clip(exposure * picture * rng.uniform(0.6, 1.0), 0.0, 1.0)


def _add_rings(
    rng: np.random.Generator,
    frame: Frame,
    picture: Floats,
    planet: tuple[tuple[float, float], float, float],
) -> Floats:
    centre, radius_px, tilt = planet
    opening = rng.uniform(0.5, 0.97)
    radius = frame.radii(centre, flattening=opening, angle_rad=-tilt) / np.float32(radius_px)
    ring = ((radius > 1.25) & (radius < 2.3)).astype(np.float32)
    ring *= 1.0 - rng.uniform(0.4, 1.0) * np.exp(-(((radius - 1.95) / 0.06) ** 2))
    _, y = frame.offsets(centre)
    in_front = (y > 0) | (picture.max(axis=2) <= 0)
    bright = (ring * rng.uniform(0.4, 0.9) * in_front)[:, :, None]
    covered: Floats = picture * (1 - np.minimum(bright, 1)) + bright * draw_colour(
        rng, PLANET_COLOURS[0], 0.05
    )
    return covered


def draw_moon(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw the Moon at any phase, whole or from close up, with seas and craters."""
    is_close = happens(rng, 0.45)
    radius_px = draw_size(rng, frame, *((0.6, 2.5) if is_close else (0.06, 0.5)))
    centre = draw_centre(rng, frame, 0.7 if is_close else 0.06)
    ball = _draw_ball(rng, frame, centre, radius_px)
    relief = 0.4 * np.log(draw_lognormal(rng, frame, 1.0, 2.6))
    relief = relief + _draw_craters(rng, frame, 80 if is_close else 40, radius_px)
    slope_y, slope_x = np.gradient(relief)
    turn = rng.uniform(0.0, 2.0 * np.pi)
    phase = rng.uniform(0.0, 2.4)
    x, y, z = ball
    side = x * np.float32(np.cos(turn)) + y * np.float32(np.sin(turn))
    lit = z * np.float32(np.cos(phase)) + side * np.float32(np.sin(phase))
    shading = slope_x * np.cos(turn) + slope_y * np.sin(turn)
    lit = lit + rng.uniform(0.1, 0.6) * np.sin(phase) * shading
    seas = np.clip(1.0 - 0.5 * (draw_lognormal(rng, frame, 0.9, 3.8) > 1.2), 0.3, 1.0)
    bright = np.clip(lit, 0.0, 1.0) ** rng.uniform(0.4, 1.0) * (z > 0) * seas
    colour = draw_colour(rng, WHITE, 0.08)
    return np.clip(draw_log_uniform(rng, (0.6, 1.8)) * bright[:, :, None] * colour, 0.0, 1.0)


def _draw_craters(rng: np.random.Generator, frame: Frame, count: int, ball_px: float) -> Floats:
    """Draw craters as heights: a raised rim around a floor."""
    rows, columns = frame.shape
    heights = np.zeros(frame.shape, np.float32)
    for size_px in np.minimum(1.5 * rng.random(count) ** -0.8, 0.25 * ball_px):
        x, y = rng.uniform(0, columns), rng.uniform(0, rows)
        radius = frame.radii((x, y)) / np.float32(size_px)
        rim = np.exp(-(((radius - 1.0) / 0.25) ** 2))
        heights += np.float32(0.25 * size_px) * (rim - 0.6 * np.exp(-((radius / 0.8) ** 6)))
    return heights


def draw_sun(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw the Sun through a filter: white, orange or red, with spots; or in an eclipse."""
    centre, radius_px = draw_centre(rng, frame, 0.1), draw_size(rng, frame, 0.1, 0.9)
    ball = _draw_ball(rng, frame, centre, radius_px)
    colours = ((1.0, 0.95, 0.8), (1.0, 0.6, 0.1), (1.0, 0.25, 0.1))
    colour = draw_colour(rng, np.array(colours[rng.integers(3)], np.float32), 0.1)
    radius = frame.radii(centre) / np.float32(radius_px)
    if happens(rng, 0.25):  # the corona of a total eclipse
        x, y = frame.offsets(centre)
        rays = 1 + 0.4 * np.cos(rng.integers(2, 9) * np.arctan2(y, x) + rng.uniform(0, 6.3))
        corona = rays * np.maximum(radius, 1.0) ** -rng.uniform(2.0, 5.0) * (radius > 1)
        return np.clip(corona, 0.0, 1.0)[:, :, None] * WHITE
    grain = draw_lognormal(rng, frame, rng.uniform(0.02, 0.25), rng.uniform(1.0, 2.6))
    disc = ball[2] ** rng.uniform(0.1, 0.5) * grain
    for _ in range(rng.integers(0, 9)):
        place = (centre[0] + rng.normal(0, 0.4) * radius_px, centre[1] + rng.normal(0, 0.4))
        spot = np.exp(-((frame.radii(place) / draw_size(rng, frame, 0.004, 0.03)) ** 4))
        disc = disc * (1 - rng.uniform(0.5, 1.0) * spot)
    if happens(rng, 0.5):
        haze = np.exp(-np.maximum(radius - 1, 0) * 30) * draw_lognormal(rng, frame, 0.8, 2.4)
        disc = disc + rng.uniform(0.0, 0.2) * haze
    return np.clip(disc[:, :, None] * colour, 0.0, 1.0)
