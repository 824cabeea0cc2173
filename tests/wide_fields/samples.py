"""A simulated wide field and files of it, shared by tests; each is made once."""

from __future__ import annotations

import functools
import io

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from PIL import Image

from cluster_core.model.backbones.shipped import ASSETS, STARTER
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky import SimulatedField, render_wide_field
from cluster_core.workspace import Workspace

# Where four clusters of the catalogue are: M 36, M 38, NGC 1907, and NGC 1931 with its nebula.
AURIGA_DEG = (82.9, 35.0)
SCALE_DEG = 0.006


@functools.cache
def load_starter() -> Predictor:
    return Predictor(load_bundle(ASSETS / STARTER), Workspace.default())


@functools.cache
def render_sample() -> SimulatedField:
    rng = np.random.default_rng(4)
    kinds = ("globular_resolved", "open_rich", "galaxy_elliptical")
    return render_wide_field(rng, (840, 560), kinds, (2000.0, 2000.0))


@functools.cache
def make_jpeg() -> bytes:
    file = io.BytesIO()
    picture = render_sample().to_picture(np.random.default_rng(4))
    Image.fromarray(picture).save(file, "JPEG", quality=92)
    return file.getvalue()


def make_fits(counts: np.ndarray, centre_deg: tuple[float, float] | None = None) -> bytes:
    """Write counts, (rows, columns), as a FITS that says where in the sky it is."""
    header = None
    if centre_deg is not None:
        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval = centre_deg
        wcs.wcs.crpix = [counts.shape[1] / 2, counts.shape[0] / 2]
        wcs.wcs.cd = [[-SCALE_DEG, 0], [0, SCALE_DEG]]
        header = wcs.to_header()
    file = io.BytesIO()
    fits.PrimaryHDU(counts, header).writeto(file)
    return file.getvalue()


def make_noise(rows: int = 400, columns: int = 600) -> np.ndarray:
    rng = np.random.default_rng(1)
    return rng.normal(1000, 20, (rows, columns)).astype(np.float32)
