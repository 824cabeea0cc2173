"""Nebulae as amateurs and observatories show them: emission, shells, remnants, dark clouds."""

from __future__ import annotations

import numpy as np

from cluster_core.sky.clouds import sample_dust, sample_reflection
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens
from pretraining.others.textures import (
    HYDROGEN,
    OXYGEN,
    add_points,
    draw_centre,
    draw_colour,
    draw_filaments,
    draw_lognormal,
    draw_size,
)

GOLD = np.array([1.0, 0.6, 0.15], np.float32)
TEAL = np.array([0.1, 0.6, 0.8], np.float32)
PALETTES = ((HYDROGEN, OXYGEN), (GOLD, TEAL), (HYDROGEN, HYDROGEN), (HYDROGEN, GOLD), (TEAL, GOLD))


def _draw_palette(rng: np.random.Generator) -> list[Floats]:
    return [draw_colour(rng, colour) for colour in PALETTES[rng.integers(len(PALETTES))]]


def draw_emission(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw glowing gas in two colours, with ridges and dark lanes; it may fill the frame."""
    centre = draw_centre(rng, frame, 0.15)
    radius = frame.radii(centre, flattening=rng.uniform(0, 0.6), angle_rad=rng.uniform(0, np.pi))
    reach = np.float32(draw_size(rng, frame, 0.08, 1.5))
    envelope = np.exp(-((radius / reach) ** rng.uniform(1.0, 4.0)))
    light = np.zeros((*frame.shape, 3), np.float32)
    for colour in _draw_palette(rng):
        texture = draw_lognormal(rng, frame, rng.uniform(0.4, 1.3), rng.uniform(2.6, 3.8))
        ridges = 1.0 + rng.uniform(0.0, 2.5) * draw_filaments(rng, frame, rng.uniform(2.0, 8.0))
        layer = texture * ridges * envelope * np.float32(rng.uniform(0.1, 1.0))
        light += layer[:, :, None] * colour
    core = 1.0 / (1.0 + (radius / np.float32(rng.uniform(0.1, 0.5) * reach)) ** 2)
    light *= (1.0 + rng.uniform(0.0, 8.0) * core)[:, :, None]
    if happens(rng, 0.7):
        light *= sample_dust(rng, frame, rng.uniform(0.3, 4.0))[:, :, None]
    return (np.float32(brightness_sigma) * light).astype(np.float32)


def draw_planetary(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a planetary nebula: shells or two lobes, clumps, a halo and often its central star."""
    centre, angle = draw_centre(rng, frame, 0.04), rng.uniform(0.0, np.pi)
    size_px = draw_size(rng, frame, 0.012, 0.35)
    x, y = frame.offsets(centre)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = (x * cos + y * sin) / size_px, (y * cos - x * sin) / size_px
    waist = rng.uniform(0.0, 1.0) if happens(rng, 0.4) else 0.0  # 0: round; 1: two lobes
    across = across * (1 + waist * 2.5 * np.exp(-((along / 0.5) ** 2)))
    radius = np.hypot(along, across / rng.uniform(0.5, 1.0))
    clumps = draw_lognormal(rng, frame, rng.uniform(0.1, 0.8), rng.uniform(2.4, 3.4))
    inner, outer = _draw_palette(rng)
    width = rng.uniform(0.08, 0.5)
    shell = np.exp(-(((radius - 0.8) / width) ** 2)) * clumps
    filled = 1.0 / (1.0 + np.exp(np.clip((radius - 0.75) * 14.0, -50, 50)))
    halo = np.exp(-radius * rng.uniform(1.0, 3.0)) * rng.uniform(0.0, 0.2)
    light = (shell + halo)[:, :, None] * outer
    light = light + (rng.uniform(0.05, 1.2) * filled * clumps**0.5)[:, :, None] * inner
    if happens(rng, 0.3):
        second = np.exp(-(((radius - rng.uniform(1.2, 2.2)) / 0.2) ** 2)) * clumps
        light = light + (rng.uniform(0.02, 0.3) * second)[:, :, None] * outer
    if happens(rng, 0.6):
        light[int(centre[1]), int(centre[0])] += rng.uniform(0.0, 20.0)
    return (np.float32(brightness_sigma) * light).astype(np.float32)


def draw_remnant(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a supernova remnant: a torn shell of filaments, or a filled one like the Crab."""
    centre = draw_centre(rng, frame, rng.choice([0.04, 0.4]))
    radius = frame.radii(centre, flattening=rng.uniform(0, 0.5), angle_rad=rng.uniform(0, np.pi))
    radius = radius / np.float32(draw_size(rng, frame, 0.05, 0.7))
    radius = radius * draw_lognormal(rng, frame, rng.uniform(0.02, 0.12), 3.4)
    edge = np.exp(-(((radius - 0.85) / rng.uniform(0.05, 0.3)) ** 2))
    inside = 1.0 / (1.0 + np.exp(np.clip((radius - 0.85) * 12.0, -50, 50)))
    is_filled = happens(rng, 0.4)
    body = inside if is_filled else edge
    torn = np.clip(np.log(draw_lognormal(rng, frame, 0.8, 3.6)) + rng.uniform(0.0, 1.0), 0, 2)
    light = np.zeros((*frame.shape, 3), np.float32)
    for colour in _draw_palette(rng):
        threads = draw_filaments(rng, frame, rng.uniform(4.0, 14.0))
        light += (body * threads * (1.0 if is_filled else torn))[:, :, None] * colour
    if is_filled:
        pale = draw_colour(rng, np.array([0.8, 0.9, 1.0], np.float32))
        synchrotron = inside * np.exp(-(radius**2)) * draw_lognormal(rng, frame, 0.3, 3.0)
        light += (rng.uniform(0.1, 0.8) * synchrotron)[:, :, None] * pale
    return (np.float32(brightness_sigma) * light).astype(np.float32)


def draw_reflection(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw dust around one to four stars that illuminate it, as in M 78."""
    count = int(rng.integers(1, 5))
    places = np.array([draw_centre(rng, frame, 0.15) for _ in range(count)])
    strength = brightness_sigma * rng.uniform(0.2, 1.0, count)
    light = sample_reflection(rng, frame, places, strength)
    light = light * sample_dust(rng, frame, rng.uniform(0.3, 4.0))[:, :, None]
    stars = np.zeros(frame.shape, np.float32)
    for x, y in places:
        row, column = np.clip([y, x], 0, np.array(frame.shape) - 1).astype(int)
        stars[row, column] += brightness_sigma * rng.uniform(5.0, 80.0)
    return (light + stars[:, :, None]).astype(np.float32)


def draw_dark(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a dark cloud in front of glowing gas or of the Milky Way's light."""
    backdrop = draw_lognormal(rng, frame, rng.uniform(0.1, 0.6), 3.4)
    dust = sample_dust(rng, frame, rng.uniform(1.0, 6.0))
    colour = draw_colour(rng, rng.choice([HYDROGEN, GOLD, np.array([1.1, 1.0, 0.8])]))
    return (np.float32(brightness_sigma) * (backdrop * dust)[:, :, None] * colour).astype(
        np.float32
    )


def draw_comet(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a comet: a coma, and tails of dust and gas, or none."""
    centre, towards = draw_centre(rng, frame, 0.18), rng.uniform(0.0, 2.0 * np.pi)
    x, y = frame.offsets(centre)
    radius = np.hypot(x, y) + np.float32(0.5)
    angle = np.angle(np.exp(1j * (np.arctan2(y, x) - towards))).astype(np.float32)
    coma_px = draw_size(rng, frame, 0.01, 0.12)
    green = draw_colour(rng, np.array([0.4, 1.0, 0.7], np.float32))
    coma = (coma_px / (radius + 0.2 * coma_px)) * np.exp(-radius / np.float32(3 * coma_px))
    light = coma[:, :, None] * green
    for colour, width in ((np.array([1.1, 1.0, 0.8]), rng.uniform(0.1, 0.4)), (YOUNG_GAS, 0.06)):
        if happens(rng, 0.75):
            curved = angle + rng.normal(0.0, 0.15) * radius / np.float32(frame.size_px)
            length = np.float32(draw_size(rng, frame, 0.1, 1.2))
            streaks = draw_lognormal(rng, frame, 0.2, 3.4)
            tail = np.exp(-((curved / np.float32(width)) ** 2) - radius / length) * streaks
            faint = (coma_px / (radius + coma_px)) ** rng.uniform(0.3, 0.9)
            light = light + (rng.uniform(0.05, 0.8) * tail * faint)[:, :, None] * colour
    knots = np.zeros(frame.shape, np.float32)
    if happens(rng, 0.3):  # the stars trail while the telescope follows the comet
        add_points(rng, knots, np.ones(frame.shape), int(rng.integers(5, 60)), 1.0)
        knots = _smear(knots, int(draw_log_uniform(rng, (4, 30))), happens(rng, 0.5))
    light = light + knots[:, :, None]
    return (np.float32(brightness_sigma) * light).astype(np.float32)


YOUNG_GAS = np.array([0.4, 0.7, 1.1], np.float32)


def _smear(points: Floats, length_px: int, is_upright: bool) -> Floats:
    """Draw points out into lines of equal brightness."""
    total = np.zeros_like(points)
    for shift in range(length_px):
        total += np.roll(points, (shift if is_upright else shift // 3, shift), (0, 1))
    return total
