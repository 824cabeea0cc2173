"""Pictures of real stars at known places, for `benchmarks.identify`."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cluster_core.sky_names.catalogue import Catalogue, CatalogueObject
from cluster_core.sky_names.plane import compute_separations
from cluster_core.sky_names.position import SkyPosition

_SHAPE = (480, 640)
_WIDTHS_DEG = (0.7, 4.0)
_FAINT_MAG = (11.5, 15.0)  # stars that the star charts lack, placed at random
_FAINT_PER_SQUARE_DEG = 800
_ERROR_PX = 0.3
_MISSED = 0.05  # of the real stars
_NOISE = 3.0


@dataclass(frozen=True)
class Stars:
    """Stars of the whole sky: float64 arrays of equal length."""

    ra_deg: NDArray[np.float64]
    dec_deg: NDArray[np.float64]
    magnitudes: NDArray[np.float64]


def load_index_stars(indexes: tuple[Path, ...]) -> Stars:
    """Read the stars of Tycho-2 (Høg et al. 2000) from the finest star chart.

    A chart holds unit vectors as 32-bit integers within the box that `range_stars` gives: three
    lowest values, three highest ones, and the scale.
    """
    from astropy.io import fits

    with fits.open(indexes[0], memmap=False) as hdus:
        columns = {hdu.columns.names[0]: hdu for hdu in hdus[1:]}
        box = np.frombuffer(columns["kdtree_range_stars"].data.tobytes(), dtype="<f8")
        packed = np.frombuffer(columns["kdtree_data_stars"].data.tobytes(), dtype="<u4")
        magnitudes = np.asarray(columns["MAG_VT"].data["MAG_VT"], dtype=float)
    x, y, z = (box[:3] + packed.reshape(-1, 3) / box[6]).T
    ra_deg = np.degrees(np.arctan2(y, x)) % 360
    return Stars(ra_deg, np.degrees(np.arcsin(np.clip(z, -1, 1))), magnitudes)


def render_fields(
    stars: Stars, catalogue: Catalogue, n: int, generator: np.random.Generator
) -> Iterator[tuple[CatalogueObject, NDArray[np.uint8]]]:
    """Yield objects of the catalogue and pictures of the real stars around them, uint8 RGB.

    The pictures are turned and mirrored at random, with noise, position errors and faint stars of
    random places; some real stars are missing.
    """
    clusters = [each for each in catalogue.objects if each.is_cluster and each.name[:2] == "M "]
    for index in generator.choice(len(clusters), n):
        target = clusters[index]
        width_deg = math.exp(generator.uniform(*np.log(_WIDTHS_DEG)))
        position = _point(target, width_deg, generator)
        near = compute_separations(target.ra_deg, target.dec_deg, stars.ra_deg, stars.dec_deg)
        chosen = (near < position.radius_deg) & (generator.random(len(near)) > _MISSED)
        x, y = position.to_pixels(stars.ra_deg[chosen], stars.dec_deg[chosen])
        errors = generator.normal(0, _ERROR_PX, (2, len(x)))
        n_faint = round(_FAINT_PER_SQUARE_DEG * width_deg**2 * _SHAPE[0] / _SHAPE[1])
        faint = _draw_faint(n_faint, generator)
        yield (
            target,
            _render(
                np.concatenate([x + errors[0], faint[0]]),
                np.concatenate([y + errors[1], faint[1]]),
                np.concatenate([stars.magnitudes[chosen], faint[2]]),
                generator,
            ),
        )


def render_nonsense(n: int, generator: np.random.Generator) -> Iterator[NDArray[np.uint8]]:
    """Yield pictures of stars that are nowhere in the sky."""
    for _ in range(n):
        x, y, magnitudes = _draw_faint(400, generator)
        yield _render(x, y, magnitudes - generator.exponential(1.5, len(x)), generator)


def _point(
    target: CatalogueObject, width_deg: float, generator: np.random.Generator
) -> SkyPosition:
    scale = width_deg / _SHAPE[1]
    turn = generator.uniform(0, 2 * math.pi)
    side = generator.choice([-1.0, 1.0])
    cos, sin = scale * math.cos(turn), scale * math.sin(turn)
    matrix = ((side * cos, sin), (side * sin, -cos))
    return SkyPosition(target.ra_deg, target.dec_deg, matrix, _SHAPE[1], _SHAPE[0])


def _draw_faint(n: int, generator: np.random.Generator) -> NDArray[np.float64]:
    """Return x, y and magnitudes, shape (3, n)."""
    x, y = generator.uniform(0, _SHAPE[1], n), generator.uniform(0, _SHAPE[0], n)
    low, high = _FAINT_MAG
    # Counts of stars grow by a factor of about 2.5 per magnitude.
    magnitudes = low + np.log1p(generator.random(n) * (2.5 ** (high - low) - 1)) / math.log(2.5)
    return np.stack([x, y, magnitudes])


def _render(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    magnitudes: NDArray[np.float64],
    generator: np.random.Generator,
) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[: _SHAPE[0], : _SHAPE[1]]
    picture = np.full(_SHAPE, 20.0)
    width_px = generator.uniform(0.9, 1.6)
    for x_px, y_px, magnitude in zip(x, y, magnitudes, strict=True):
        left, top = max(0, int(x_px) - 9), max(0, int(y_px) - 9)
        box = np.s_[top : int(y_px) + 10, left : int(x_px) + 10]
        if x_px > -9 and y_px > -9 and columns[box].size:  # noqa: PLR2004  partly inside
            squares = (columns[box] - x_px) ** 2 + (rows[box] - y_px) ** 2
            peak = 180 * 10 ** (-0.4 * (magnitude - 10))
            picture[box] += peak * np.exp(-squares / (2 * width_px**2))
    picture += generator.normal(0, _NOISE, _SHAPE)
    grey = np.clip(picture, 0, 255).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
