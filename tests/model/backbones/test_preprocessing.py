from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image

from cluster_core.errors import ConfigError, ImageError, ImageProblem
from cluster_core.images import FitsStretch
from cluster_core.model.backbones.preprocessing import Preprocessing, to_unit_range
from cluster_core.model.bundle.folder import load_bundle
from tests.samples import REPOSITORY, draw_blob

EARLIER_MODEL = (
    REPOSITORY / "tests/fixtures/0.0/workspace/models/bundles/20261127-164633-172392-sky"
)


@pytest.mark.parametrize(
    "preprocessing",
    [
        Preprocessing(32),
        Preprocessing(32, version=1),
        Preprocessing(299, FitsStretch("minmax", "log", softening=0.5)),
    ],
)
def test_record_survives_a_round_trip_through_json(preprocessing):
    record = json.loads(json.dumps(preprocessing.to_record(), allow_nan=False))
    assert Preprocessing.from_record(record) == preprocessing


def test_every_setting_is_in_the_record():
    records = [
        json.dumps(preprocessing.to_record(), sort_keys=True)
        for preprocessing in (
            Preprocessing(32),
            Preprocessing(64),
            Preprocessing(32, version=1),
            Preprocessing(32, FitsStretch("minmax")),
            Preprocessing(32, FitsStretch(percentile=99)),
        )
    ]
    assert len(set(records)) == len(records)


def test_record_with_unknown_stretch_is_rejected():
    record = Preprocessing(32).to_record()
    record["stretch"]["function"] = "magic"
    with pytest.raises(ConfigError):
        Preprocessing.from_record(record)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (1, 1), (500, 40), (7, 900), (33, 31)])
def test_picture_of_any_shape_becomes_a_square(height, width):
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    square = Preprocessing(32).shrink(pixels)
    assert square.shape == (32, 32, 3)
    assert square.dtype == np.uint8


def test_picture_of_the_right_size_is_unchanged():
    pixels = draw_blob(0, size_px=32)
    np.testing.assert_array_equal(Preprocessing(32).shrink(pixels), pixels)


def test_shrinking_averages_so_that_single_stars_do_not_vanish():
    for offset in range(16):
        field = np.zeros((320, 320, 3), np.uint8)
        field[160 + offset, 160 + offset] = 255
        assert Preprocessing(32).shrink(field).astype(int).sum() > 0
    stripes = np.zeros((320, 320, 3), np.uint8)
    stripes[::2] = 200
    assert np.abs(Preprocessing(32).shrink(stripes).astype(int) - 100).max() <= 5


def test_border_is_kept():
    framed = np.zeros((300, 600, 3), np.uint8)
    framed[:20] = framed[-20:] = framed[:, :40] = framed[:, -40:] = 255
    square = Preprocessing(32).shrink(framed)
    for side in (square[0], square[-1], square[:, 0], square[:, -1]):
        assert side.min() > 200
    assert square[16, 16].max() == 0


def test_file_and_its_pixels_give_the_same_result():
    pixels = draw_blob(1, size_px=200)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    np.testing.assert_array_equal(
        Preprocessing(32).decode(file.getvalue(), "a.png"), Preprocessing(32).shrink(pixels)
    )


def test_record_of_version_1_is_unchanged():
    record = Preprocessing(128, version=1).to_record()
    assert record == load_bundle(EARLIER_MODEL).preprocessing.to_record()
    assert record == json.loads((EARLIER_MODEL / "manifest.json").read_text())["preprocessing"]


@pytest.mark.parametrize("version", [0, 3, None, "1", [1]])
def test_record_of_another_version_is_rejected(version):
    with pytest.raises(ValueError, match="resized differently"):
        Preprocessing.from_record(Preprocessing(32).to_record() | {"version": version})


def test_earlier_model_sees_sixteen_bits_by_the_range_of_their_type():
    counts = np.arange(128 * 128, dtype=np.uint16).reshape(128, 128) // 4
    file = io.BytesIO()
    Image.fromarray(counts).save(file, "PNG")
    seen = load_bundle(EARLIER_MODEL).preprocessing.decode(file.getvalue(), "a.png")
    np.testing.assert_array_equal(seen[..., 0], np.rint(counts / 257))
    assert Preprocessing(128).decode(file.getvalue(), "a.png").max() == 255


def test_blank_picture_is_refused():
    file = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 9, 9)).save(file, "PNG")
    for version in (1, 2):
        with pytest.raises(ImageError, match=r"^a\.png is blank") as caught:
            Preprocessing(32, version=version).decode(file.getvalue(), "a.png")
        assert caught.value.reason == ImageProblem.BLANK


def test_file_that_is_not_a_picture_is_named_in_the_error():
    with pytest.raises(ImageError, match=r"notes\.txt"):
        Preprocessing(32).decode(b"M 13", "notes.txt")


def test_pixels_are_mapped_to_minus_one_to_one():
    levels = np.arange(256, dtype=np.uint8)
    unit = to_unit_range(levels)
    assert unit.dtype == np.float32
    assert (unit[0], unit[-1]) == (-1, 1)
    np.testing.assert_allclose(np.diff(unit), 2 / 255, rtol=1e-4)
    np.testing.assert_array_equal(np.rint((unit + 1) * 127.5), levels)
