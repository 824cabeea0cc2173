from __future__ import annotations

import io

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import FitsStretch
from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.prediction.details import (
    SHOWN_SIDE_PX,
    FitsChoice,
    predict_with_details,
    shrink_to_show,
)
from cluster_core.model.prediction.predictor import Predictor
from tests.samples import COLOURS, draw_blob


@pytest.fixture
def predictor(trained) -> Predictor:
    (folder,) = trained.bundles.iterdir()
    return Predictor(load_bundle(folder), trained)


def to_png(pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def make_cube() -> bytes:
    """A file of two HDUs: a cube with a different bright half in each plane, and a diagonal."""
    planes = np.zeros((3, 40, 60), ">i2")
    planes[0, :, :30] = planes[1, :, 30:] = planes[2, :20] = 1000
    file = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(planes), fits.ImageHDU(np.eye(40, dtype=">f4"))]).writeto(file)
    return file.getvalue()


def test_details_match_the_plain_prediction(predictor):
    pixels = draw_blob(700, COLOURS["red stars"], 1500)[:, :900]
    details = predict_with_details(predictor, to_png(pixels), "wide.png")
    assert details.prediction.label == "red stars"
    assert details.seen.shape == (32, 32, 3)
    assert details.picture.shape == (SHOWN_SIDE_PX, SHOWN_SIDE_PX * 900 // 1500, 3)
    again = predictor.predict_pixels(details.seen)
    assert again.scores == details.prediction.scores
    assert predictor.predict_file(to_png(pixels), "wide.png").scores == details.prediction.scores
    assert details.seconds >= details.prediction.seconds


def test_hdu_and_plane_of_a_fits_file_can_be_chosen(predictor):
    cube = make_cube()
    all_details = [
        predict_with_details(predictor, cube, "c.fits", FitsChoice(0, plane)) for plane in range(3)
    ]
    left, right, bottom = (details.picture[..., 0].astype(int) for details in all_details)
    assert left[:, :30].min() == 255 > left[:, 30:].max()
    assert right[:, 30:].min() == 255 > right[:, :30].max()
    assert bottom[20:].min() == 255 > bottom[:20].max()
    second = predict_with_details(predictor, cube, "c.fits", FitsChoice(hdu=1))
    assert second.picture.shape == (40, 40, 3)
    whole = predict_with_details(predictor, cube, "c.fits")
    assert (whole.picture[0, 0] == (255, 0, 0)).all()
    with pytest.raises(ImageError, match="no plane 3"):
        predict_with_details(predictor, cube, "c.fits", FitsChoice(0, 3))


def test_stretch_changes_the_picture(predictor):
    values = np.random.default_rng(0).gamma(1.0, 100.0, (50, 50)).astype(">f4")
    file = io.BytesIO()
    fits.PrimaryHDU(values).writeto(file)
    trained = predict_with_details(predictor, file.getvalue(), "a.fits")
    own = FitsChoice(stretch=predictor.bundle.preprocessing.stretch)
    assert (
        predict_with_details(predictor, file.getvalue(), "a.fits", own).seen == trained.seen
    ).all()
    linear = FitsChoice(stretch=FitsStretch("minmax", "linear"))
    assert (
        predict_with_details(predictor, file.getvalue(), "a.fits", linear).seen.mean()
        < trained.seen.mean()
    )


def test_blank_picture_gets_a_sentence_instead_of_a_class(predictor):
    blank = np.full((40, 60, 3), 7, np.uint8)
    empty = io.BytesIO()
    fits.PrimaryHDU(np.full((40, 60), 5.0, ">f4")).writeto(empty)
    for answer in (
        lambda: predict_with_details(predictor, to_png(blank), "a"),
        lambda: predict_with_details(predictor, empty.getvalue(), "a"),
        lambda: predictor.predict_file(to_png(blank), "a"),
        lambda: predictor.predict_pixels(blank),
    ):
        with pytest.raises(ImageError, match="nothing to be seen") as caught:
            answer()
        assert caught.value.reason == ImageProblem.BLANK


def test_small_picture_is_shown_unchanged():
    pixels = draw_blob(1, size_px=20)
    assert shrink_to_show(pixels, 20) is pixels
    assert shrink_to_show(pixels, 10).shape == (10, 10, 3)
