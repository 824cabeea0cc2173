"""A visitor whose picture says where in the sky it is."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import expect

from cluster_core.sky import render_picture
from tests.sky_names.skies import M13, make_fits, make_wcs_cards


def test_fits_with_coordinates_is_named_and_drawn_on(visit):
    sky = render_picture(np.random.default_rng(7), "globular_resolved", 320).pixels[..., 1]
    place = make_wcs_cards(*M13, scale_deg=0.0016, CRPIX1=160.5, CRPIX2=160.5)
    data = make_fits(sky.astype("i2"), **place)
    visit.open("classify?model=starter")
    visit.page.locator("input[type=file]").first.set_input_files(
        {"name": "night.fits", "mimeType": "image/fits", "buffer": data}
    )
    expect(visit.page.get_by_text("M 13, a globular cluster; the model")).to_be_visible()
    expect(visit.page.get_by_text("right ascension 16 h 42 min")).to_be_visible()
    drawn = visit.page.locator("[data-testid=stImage] img").last
    expect(drawn).to_have_js_property("complete", True)
    drawn.scroll_into_view_if_needed()
    visit.shoot("classify-object")
    visit.assert_sound()
