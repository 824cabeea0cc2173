"""Optics, sensor and processing: flux, noise and stretch."""

import numpy as np
import pytest

from cluster_core.sky.frame import Frame, Scene, Stars
from cluster_core.sky.optics import PointSpread, form_image, splat
from cluster_core.sky.processing import Processing, Stretch
from cluster_core.sky.sensor import Sensor

FRAME = Frame(64, 48)
SPREADS = [
    PointSpread(2.5),
    PointSpread(1.2, beta=2.5, halo_share=0.2, halo_px=6.0),
    PointSpread(3.0, elongation=0.3, spike_count=2, spike_share=0.1, trail_px=6.0),
]


def one_star(x=40.0, y=35.0, flux=1000.0):
    return Stars(np.array([x]), np.array([y]), np.array([flux]), np.array([0.6]))


def test_splat_keeps_flux_and_position_of_a_star():
    image = splat(one_star(x=20.25, y=11.5), FRAME.shape)[:, :, 1]
    rows, columns = np.indices(image.shape)
    assert image.sum() == pytest.approx(1000.0)
    assert (columns * image).sum() / image.sum() == pytest.approx(20.25, abs=1e-4)
    assert (rows * image).sum() / image.sum() == pytest.approx(11.5, abs=1e-4)


def test_stars_outside_the_canvas_are_left_out():
    assert splat(one_star(x=-5.0), FRAME.shape).sum() == 0.0


@pytest.mark.parametrize("spread", SPREADS)
def test_point_spread_conserves_flux(spread):
    assert spread.kernel(FRAME.shape).sum() == pytest.approx(1.0, rel=1e-5)
    image = form_image(Scene(FRAME, one_star()), spread)
    assert image[:, :, 1].sum() == pytest.approx(1000.0, rel=1e-3)


def test_star_has_the_width_of_its_fwhm():
    kernel = PointSpread(6.0, halo_share=0.0).kernel((64, 64))
    assert kernel[0, 3] / kernel[0, 0] == pytest.approx(0.5, rel=1e-3)


def test_uniform_light_is_unchanged_by_the_point_spread():
    glow = np.full((*FRAME.shape, 3), 7.0, np.float32)
    image = form_image(Scene(FRAME, one_star(flux=0.0), glow), SPREADS[1])
    np.testing.assert_allclose(image, 7.0, rtol=1e-4)


def test_pixels_saturate_at_the_full_well():
    light = np.full((20, 20, 3), 500.0, np.float32)
    raw = Sensor(full_well_sigma=300.0).expose(np.random.default_rng(1), light)
    assert raw.max() == pytest.approx(300.0)


def test_dark_sky_has_unit_noise():
    dark = np.zeros((200, 200, 3), np.float32)
    raw = Sensor(full_well_sigma=1e4).expose(np.random.default_rng(1), dark)
    assert raw.std() == pytest.approx(1.0, rel=0.02)


def test_photon_noise_grows_with_light():
    light = np.full((200, 200, 3), 400.0, np.float32)
    raw = Sensor(1e5, sky_electrons_root=40.0).expose(np.random.default_rng(1), light)
    assert raw.std() == pytest.approx(np.sqrt(11.0), rel=0.02)


@pytest.mark.parametrize("stretch", list(Stretch))
@pytest.mark.parametrize("keep_hue", [False, True])
def test_every_stretch_rises_from_black_to_white(stretch, keep_hue):
    grey = np.repeat(np.linspace(0.0, 100.0, 50, dtype=np.float32)[None, :, None], 3, axis=2)
    picture = Processing(stretch, 0.0, 100.0, strength=0.1, keep_hue=keep_hue).apply(grey)
    assert np.all(np.diff(picture[0, :, 1]) > 0)
    assert picture[0, 0, 1] == pytest.approx(0.0, abs=1e-6)
    assert picture[0, -1, 1] == pytest.approx(1.0, abs=1e-5)
