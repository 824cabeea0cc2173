"""Pictures as cameras, phones and other programs write them, where a collection is present."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from cluster_core.errors import ImageError
from cluster_core.images import read_image
from tests.samples import SHARED, needs_shared

WILD = SHARED / "wild"
# A red bar at the top left and a blue disc at the bottom right, on near-black.
COLOURS = {"bar": (230, 40, 30), "disc": (40, 90, 220), "sky": (20, 20, 30)}
GREYS = {"bar": (96,) * 3, "disc": (90,) * 3, "sky": (21,) * 3}
REGIONS = {
    "bar": np.s_[6:14, 8:28],
    "disc": np.s_[42:50, 42:50],
    "sky": np.s_[40:60, 4:24],
}


def list_files(*expected):
    if not WILD.exists():
        return []
    with (WILD / "expected.csv").open(encoding="utf-8") as rows:
        return [row["file"] for row in csv.DictReader(rows) if row["expected"] in expected]


@needs_shared
@pytest.mark.parametrize("file", list_files("scene", "grey"))
def test_picture_is_shown_as_its_maker_shows_it(file):
    pixels = read_image(WILD / file).astype(float)
    for name, colour in (COLOURS if file in list_files("scene") else GREYS).items():
        assert np.abs(pixels[REGIONS[name]].mean(axis=(0, 1)) - colour).max() <= 30


@needs_shared
@pytest.mark.parametrize("file", list_files("not-blank"))
def test_drawing_can_be_seen(file):
    assert read_image(WILD / file).std() > 5


@needs_shared
@pytest.mark.parametrize("file", list_files("words"))
def test_file_that_is_not_read_is_not_called_damaged(file):
    with pytest.raises(ImageError, match="camera raw"):
        read_image(WILD / file)
