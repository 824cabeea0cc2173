"""The time and memory in which clusters are found in a FITS file of 60 megapixels."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.images import read_bytes
from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky import PLANTED_KINDS, render_wide_field
from cluster_core.wide_fields import (
    FIELD_LIMITS,
    draw_field,
    find_clusters,
    locate_field,
    read_field,
)
from cluster_core.workspace import Workspace

KINDS = ("16 bits", "32 bits", "3 colours", "noise")
# Of a mosaic of 6 x 5 simulated fields, as one camera of 9000 x 6700 pixels.
_TILE_PX, _TILES = (1500, 1340), (6, 5)
# Near M 38, in the middle of three clusters.
_CENTRE_DEG, _SCALE_DEG = (82.5, 35.0), 1.5 / 3600


def write_field(path: Path, kind: str, seed: int) -> None:
    """Write a FITS file of 9000 x 6700 pixels with a position.

    Parameters
    ----------
    path : Path
    kind : str
        One of `KINDS`: 16-bit counts, 32-bit floating point numbers, 16-bit counts in three
        colours, or nothing but noise.
    seed : int
    """
    from astropy.io import fits
    from astropy.wcs import WCS

    rng = np.random.default_rng([seed, 60])
    (width, height), (columns, rows) = _TILE_PX, _TILES
    counts = np.empty((rows * height, columns * width), np.uint16)
    for index in range(rows * columns):
        row, column = divmod(index, columns)
        tile = counts[row * height : (row + 1) * height, column * width : (column + 1) * width]
        if kind == "noise":
            tile[:] = rng.normal(1000, 20, tile.shape)
        else:
            planted = [str(rng.choice(PLANTED_KINDS))] if index % 3 == 0 else []
            densities = (3000.0, 3000.0)  # the same everywhere, as in one picture
            field = render_wide_field(rng, _TILE_PX, planted, densities)
            tile[:] = field.to_counts()
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = _CENTRE_DEG
    wcs.wcs.crpix = [counts.shape[1] / 2, counts.shape[0] / 2]
    wcs.wcs.cd = [[-_SCALE_DEG, 0], [0, _SCALE_DEG]]
    stored = counts.astype(np.float32) if kind == "32 bits" else counts
    if kind == "3 colours":
        stored = np.stack([counts, counts // 5 * 4, counts // 5 * 3])
    fits.PrimaryHDU(stored, wcs.to_header()).writeto(path)


def measure(path: str, by_catalogue: bool) -> dict[str, Any]:
    """Find the clusters in a file and draw them, as the command does."""
    predictor = Predictor(load_bundle(ASSETS / STARTER), Workspace.default())
    started_s = time.perf_counter()
    data = read_bytes(Path(path), FIELD_LIMITS)
    field = read_field(data, Path(path).name, predictor.bundle.preprocessing)
    field, _ = locate_field(field, data, None)
    del data
    clusters = find_clusters(predictor, field, by_catalogue=by_catalogue)
    draw_field(field, clusters)
    return {"n_clusters": len(clusters), "seconds": time.perf_counter() - started_s}
