"""Galaxies with arms, bars, rings, dust lanes and regions of young stars, from any side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cluster_core.sky.frame import Frame
from cluster_core.sky.galaxies import compute_sersic
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens
from pretraining.others.textures import (
    HYDROGEN,
    OLD,
    YOUNG,
    add_points,
    draw_centre,
    draw_colour,
    draw_lognormal,
    draw_size,
)

THINNEST = 0.05


@dataclass(frozen=True)
class _Disc:
    """A disc in space: where its pixels lie in its own plane."""

    centre_px: tuple[float, float]
    scale_px: float
    axis_ratio: float
    angle_rad: float

    def coordinates(self, frame: Frame) -> tuple[Floats, Floats, Floats]:
        """Return along, across (in the plane) and the radius, in scale lengths."""
        x, y = frame.offsets(self.centre_px)
        cos, sin = np.float32(np.cos(self.angle_rad)), np.float32(np.sin(self.angle_rad))
        along = (x * cos + y * sin) / np.float32(self.scale_px)
        across = (y * cos - x * sin) / np.float32(self.scale_px * self.axis_ratio)
        return along, across, np.hypot(along, across)


def _draw_disc(rng: np.random.Generator, frame: Frame, low: float, high: float) -> _Disc:
    return _Disc(
        draw_centre(rng, frame, rng.choice([0.03, 0.12])),
        draw_size(rng, frame, low, high),
        max(float(rng.uniform(0.0, 1.0)), 0.12),
        rng.uniform(0.0, np.pi),
    )


def draw_spiral(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a spiral galaxy: linear light in sky noises, float32 (rows, columns, 3)."""
    disc = _draw_disc(rng, frame, 0.015, 0.28)
    return _paint_spiral(rng, frame, disc, brightness_sigma)


def draw_pair(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw two or three galaxies that interact, with a bridge of stars between the first two."""
    discs = [_draw_disc(rng, frame, 0.02, 0.12) for _ in range(rng.integers(2, 4))]
    angle, distance = rng.uniform(0, 2 * np.pi), rng.uniform(2, 6) * discs[0].scale_px
    x, y = discs[0].centre_px
    moved = (x + distance * np.cos(angle), y + distance * np.sin(angle))
    discs[1] = _Disc(moved, discs[1].scale_px, discs[1].axis_ratio, discs[1].angle_rad)
    light = sum(
        _paint_spiral(rng, frame, disc, brightness_sigma * draw_log_uniform(rng, (0.3, 1.0)))
        for disc in discs
    )
    middle = ((x + moved[0]) / 2, (y + moved[1]) / 2)
    bridge = frame.radii(middle, flattening=rng.uniform(0.6, 0.85), angle_rad=angle)
    stream = np.exp(-bridge / np.float32(0.4 * distance)) * draw_lognormal(rng, frame, 0.5, 3.0)
    total: Floats = light + (rng.uniform(0.02, 0.3) * brightness_sigma * stream)[:, :, None] * YOUNG
    return total.astype(np.float32)


def _paint_spiral(
    rng: np.random.Generator, frame: Frame, disc: _Disc, brightness_sigma: float
) -> Floats:
    along, across, radius = disc.coordinates(frame)
    wobble = rng.uniform(0.1, 0.8) * np.log(draw_lognormal(rng, frame, 1.0, 3.6))
    pitch = np.tan(np.radians(rng.uniform(8.0, 35.0)))
    phase = np.arctan2(across, along) - np.log(np.maximum(radius, 0.05)) / pitch + wobble
    n_arms, contrast = int(rng.choice([1, 2, 2, 2, 3, 4, 5])), rng.uniform(0.5, 4.0)
    start = rng.uniform(0.2, 1.2)  # scale lengths: no arms inside the bar or bulge
    arms = np.exp(contrast * (np.cos(n_arms * phase) - 1)) * (1 - np.exp(-((radius / start) ** 3)))
    lane = np.exp(3.0 * (np.cos(n_arms * (phase + 0.35)) - 1))
    fading = np.exp(-radius * rng.uniform(0.8, 1.2)) * (radius < rng.uniform(3.0, 6.0))
    clumps = draw_lognormal(rng, frame, rng.uniform(0.2, 0.9), rng.uniform(2.2, 3.2))
    old = fading * (0.4 + 0.3 * arms)
    young = fading ** rng.uniform(0.6, 1.0) * arms * clumps * rng.uniform(0.3, 2.0)
    if happens(rng, 0.2):
        ring = np.exp(-(((radius - rng.uniform(0.8, 3)) / rng.uniform(0.08, 0.4)) ** 2))
        young = young + rng.uniform(0.05, 0.5) * ring * clumps
    knots, blue = np.zeros(frame.shape, np.float32), np.zeros(frame.shape, np.float32)
    if happens(rng, 0.7):
        size = disc.scale_px**2 * draw_log_uniform(rng, (1e-4, 3e-3))
        for target in (knots, blue):
            add_points(rng, target, young * arms, int(rng.integers(5, 150)), size)
    warm = _paint_centre(rng, frame, disc)
    dust = np.exp(-rng.uniform(0.0, 1.6) * lane * clumps * np.exp(-radius / 2.5))
    light = (
        (old + warm)[:, :, None] * draw_colour(rng, OLD, 0.08)
        + (young + blue * rng.uniform(0.0, 1.0))[:, :, None] * draw_colour(rng, YOUNG, 0.1)
        + (knots * rng.uniform(0.0, 1.0))[:, :, None] * draw_colour(rng, HYDROGEN)
    )
    dimming = np.stack([dust**0.75, dust, dust**1.3], axis=-1)
    return (np.float32(brightness_sigma) * light * dimming).astype(np.float32)


def _paint_centre(rng: np.random.Generator, frame: Frame, disc: _Disc) -> Floats:
    """Paint the bulge, often with a bar, and sometimes an active nucleus."""
    bulge_px = rng.uniform(0.1, 0.6) * disc.scale_px
    flattening = rng.uniform(0.2, 0.7) * (1 - disc.axis_ratio)
    radius = frame.radii(disc.centre_px, flattening=flattening, angle_rad=disc.angle_rad)
    light = rng.uniform(0.1, 2.0) * compute_sersic(radius, bulge_px, rng.uniform(1.0, 3.5))
    light = np.minimum(light, 60.0)
    if happens(rng, 0.35):
        bar_px = rng.uniform(0.4, 1.2) * disc.scale_px
        turned = disc.angle_rad + rng.uniform(-0.8, 0.8)
        bar = frame.radii(disc.centre_px, flattening=rng.uniform(0.55, 0.8), angle_rad=turned)
        light = light + rng.uniform(0.2, 1.2) * np.exp(-((bar / bar_px) ** 2.5))
    if happens(rng, 0.15):
        column, row = (int(np.floor(position)) for position in disc.centre_px)
        nucleus = rng.uniform(10, 300)
        if 0 <= row < frame.shape[0] and 0 <= column < frame.shape[1]:  # a companion may be outside
            light[row, column] += nucleus
    return light.astype(np.float32)


def draw_edge_on(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a disc seen from its edge, mostly with a bulge and a dust lane."""
    centre, angle = draw_centre(rng, frame, 0.08), rng.uniform(0.0, np.pi)
    scale_px = draw_size(rng, frame, 0.03, 0.3)
    thick_px = max(scale_px * draw_log_uniform(rng, (THINNEST, 0.25)), 0.7)
    x, y = frame.offsets(centre)
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    along, across = x * cos + y * sin, y * cos - x * sin
    bend = rng.normal(0.0, 0.08) * np.sin(along / np.float32(1.5 * scale_px))
    height = np.abs(across / np.float32(thick_px) + bend * 2)
    clumps = draw_lognormal(rng, frame, rng.uniform(0.1, 0.7), 2.6)
    disc = np.exp(-np.abs(along) / np.float32(scale_px) - height) * clumps
    bulge_px = rng.uniform(0.1, 0.5) * scale_px
    radius = frame.radii(centre, flattening=rng.uniform(0.1, 0.5), angle_rad=angle)
    bulge = compute_sersic(radius, bulge_px, rng.uniform(1.0, 3.0)) * rng.uniform(0.0, 1.2)
    lane = np.abs((across - rng.normal(0.0, 0.4) * thick_px) / (rng.uniform(0.2, 0.6) * thick_px))
    depth = rng.uniform(0.0, 3.0) * np.exp(-lane - np.abs(along) / np.float32(2 * scale_px))
    dust = np.exp(-depth * draw_lognormal(rng, frame, 0.7, 2.6))
    light = disc[:, :, None] * draw_colour(rng, rng.choice([OLD, YOUNG]), 0.15)
    light = light + np.minimum(bulge, 40.0)[:, :, None] * draw_colour(rng, OLD, 0.08)
    knots = np.zeros(frame.shape, np.float32)
    add_points(rng, knots, disc, int(rng.integers(0, 60)), thick_px**2 * 0.02)
    light = light + knots[:, :, None] * draw_colour(rng, HYDROGEN, 0.4)
    dimming = np.stack([dust**0.75, dust, dust**1.3], axis=-1)
    return (np.float32(brightness_sigma) * light * dimming).astype(np.float32)


def draw_elliptical(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw an elliptical or lenticular galaxy of any size, often with small companions."""
    light = np.zeros(frame.shape, np.float32)
    for number in range(1 + rng.poisson(0.8)):
        low, high = (0.01, 0.3) if number == 0 else (0.004, 0.04)
        effective_px = draw_size(rng, frame, low, high)
        radius = frame.radii(
            draw_centre(rng, frame, 0.05 if number == 0 else 0.3),
            flattening=rng.uniform(0.0, 0.7),
            angle_rad=rng.uniform(0, np.pi),
        )
        sersic = compute_sersic(radius, effective_px, rng.uniform(1.2, 6.0))
        light += np.minimum(sersic, 400.0) * np.float32(draw_log_uniform(rng, (0.3, 2.0)))
    if happens(rng, 0.2):
        _, y = frame.offsets(draw_centre(rng, frame, 0.05))
        lane = np.exp(-np.abs(y) / np.float32(draw_size(rng, frame, 0.01, 0.05)))
        light = light * np.exp(-rng.uniform(0.5, 3.0) * lane * draw_lognormal(rng, frame, 0.7, 2.8))
    colour = draw_colour(rng, OLD, 0.1)
    return (np.float32(brightness_sigma) * light[:, :, None] * colour).astype(np.float32)


def draw_irregular(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw an irregular or starburst galaxy: clumps, knots, and filaments of hydrogen."""
    centre, angle = draw_centre(rng, frame, 0.1), rng.uniform(0.0, np.pi)
    scale_px, flattening = draw_size(rng, frame, 0.03, 0.25), rng.uniform(0.0, 0.8)
    radius = frame.radii(centre, flattening=flattening, angle_rad=angle) / np.float32(scale_px)
    body = np.exp(-(radius ** rng.uniform(0.9, 2.0)))
    stars = body * draw_lognormal(rng, frame, rng.uniform(0.5, 1.2), 2.8)
    stars *= np.exp(-rng.uniform(0.0, 2.0) * draw_lognormal(rng, frame, 0.9, 2.8) * body)
    knots = np.zeros(frame.shape, np.float32)
    add_points(rng, knots, stars, int(rng.integers(0, 120)), scale_px**2 * 0.004)
    gas = draw_lognormal(rng, frame, 0.9, 2.6) * np.exp(-radius) * rng.uniform(0.0, 0.4)
    light = stars[:, :, None] * draw_colour(rng, rng.choice([OLD, YOUNG]), 0.15)
    light = light + (gas + 0.5 * knots)[:, :, None] * draw_colour(rng, HYDROGEN, 0.3)
    return (np.float32(brightness_sigma) * light).astype(np.float32)


def draw_group(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a group or cluster of small galaxies of every type."""
    light = np.zeros((*frame.shape, 3), np.float32)
    spread = rng.uniform(0.1, 0.35)
    for _ in range(int(draw_log_uniform(rng, (4, 45)))):
        radius = frame.radii(
            draw_centre(rng, frame, spread),
            flattening=rng.uniform(0.0, 0.85),
            angle_rad=rng.uniform(0, np.pi),
        )
        effective_px = draw_size(rng, frame, 0.004, 0.05)
        sersic = compute_sersic(radius, effective_px, rng.uniform(0.8, 4.5))
        flux = np.float32(brightness_sigma * draw_log_uniform(rng, (0.1, 1.5)))
        colour = draw_colour(rng, rng.choice([OLD, OLD, YOUNG]), 0.15)
        light += (flux * np.minimum(sersic, 100.0))[:, :, None] * colour
    return light


def draw_deep_field(rng: np.random.Generator, frame: Frame, brightness_sigma: float) -> Floats:
    """Draw a deep field: hundreds of small galaxies of every colour, few of them large."""
    rows, columns = frame.shape
    light = np.zeros((rows, columns, 3), np.float32)
    for _ in range(int(draw_log_uniform(rng, (60, 400)))):
        size_px = min(draw_size(rng, frame, 0.003, 0.008) * rng.random() ** -0.45, 0.08 * rows)
        reach = int(8 * size_px) + 4
        row, column = int(rng.integers(rows)), int(rng.integers(columns))
        top, left = max(row - reach, 0), max(column - reach, 0)
        y, x = np.mgrid[top : min(row + reach, rows), left : min(column + reach, columns)]
        angle, squeeze = rng.uniform(0, np.pi), rng.uniform(0.2, 1.0)
        along = (x - column) * np.cos(angle) + (y - row) * np.sin(angle)
        across = ((y - row) * np.cos(angle) - (x - column) * np.sin(angle)) / squeeze
        sersic = compute_sersic(np.hypot(along, across), size_px, rng.uniform(0.8, 4.0))
        flux = brightness_sigma * draw_log_uniform(rng, (0.05, 1.5))
        colour = draw_colour(rng, rng.choice([OLD, OLD, YOUNG]), 0.3)
        stamp = (flux * np.minimum(sersic, 60.0))[:, :, None] * colour
        light[top : top + len(y), left : left + len(y[0])] += stamp.astype(np.float32)
    return light
