"""Clusters found in a field: by the catalogue, and by their light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageDraw

from cluster_core.errors import ConfigError, ImageError
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.wide_fields import (
    FieldSearch,
    WideField,
    draw_field,
    find_clusters,
    is_large,
    locate_field,
    make_records,
    read_field,
)
from cluster_core.wide_fields import search as search_module
from cluster_core.wide_fields.boxes import Box
from cluster_core.wide_fields.contrast import compute_contrast, list_scales, propose_windows
from cluster_core.wide_fields.search import compute_certainty
from tests.wide_fields.samples import (
    AURIGA_DEG,
    load_starter,
    make_fits,
    make_jpeg,
    make_noise,
    render_sample,
)

PREPROCESSING = Preprocessing(128)


@pytest.fixture(scope="module", autouse=True)
def few_proposals():
    """Show the model fewer parts of a field, which is most of the time of a search."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "MOST_PROPOSALS", 5)
        yield


@pytest.fixture(scope="module")
def field(few_proposals):
    return read_field(make_jpeg(), "field.jpg", PREPROCESSING)


@pytest.fixture(scope="module")
def found(field):
    return find_clusters(load_starter(), field)


def read_located(counts, centre_deg):
    data = make_fits(counts, centre_deg)
    return locate_field(read_field(data, "field.fits", PREPROCESSING), data, None)


def test_search_finds_the_planted_clusters_and_labels_them(found):
    labels = {}
    for planted in render_sample().clusters:
        hits = [each for each in found if each.box.holds(planted.x_px, planted.y_px, share=0.5)]
        labels[planted.kind] = hits[0].prediction.label if hits else None
    assert labels == {"globular_resolved": "globular clusters", "open_rich": "open clusters"}


def test_search_does_not_list_the_galaxy(found):
    assert len(found) == 2
    assert all(each.certainty > 0.5 and each.catalogued is None for each in found)


def test_error_in_the_progress_ends_the_search(field):
    seen = []

    def stop(done, total):
        seen.append(done)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FieldSearch(load_starter(), field).run(stop)
    assert seen == [1]


def test_clusters_of_the_catalogue_are_cut_out_three_diameters_wide():
    located, problem = read_located(make_noise(), AURIGA_DEG)
    assert problem is None
    clusters = find_clusters(load_starter(), located)
    assert {each.catalogued.name for each in clusters} == {"M 36", "M 38", "NGC 1907", "NGC 1931"}
    (m38,) = [each for each in clusters if each.catalogued.name == "M 38"]
    x, y = located.position.to_pixels(m38.catalogued.ra_deg, m38.catalogued.dec_deg)
    diameter_px = m38.catalogued.diameter_arcmin * 60 / located.position.scale_arcsec_px
    assert m38.box.width == m38.box.height == pytest.approx(max(64, 3 * diameter_px), abs=1)
    assert m38.box.holds(x, y, share=0.05)


def test_field_without_a_catalogued_cluster_has_none():
    located, _ = read_located(make_noise(), (190.0, 75.0))
    assert find_clusters(load_starter(), located) == ()


def test_search_names_what_the_catalogue_has_in_a_cut_out(field):
    data = make_fits(make_noise(560, 840), AURIGA_DEG)
    located, _ = locate_field(field, data, None)
    x, y = located.position.to_pixels(82.167, 35.824)
    box = Box.around((float(x), float(y)), 100, located.size)
    search = FieldSearch(load_starter(), located, by_catalogue=False)
    (answer,) = find_clusters(load_starter(), located)[:1]
    named = search._name(replace(answer, box=box, catalogued=None, certainty=0.9))
    assert named.catalogued.name == "M 38"


@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(np.full((300, 300), 7.0, np.float32), id="black frame"),
        pytest.param(np.full((300, 300), np.nan, np.float32), id="no data"),
        pytest.param(make_noise(60, 500), id="smaller than a window"),
    ],
)
def test_field_with_nothing_to_search_is_refused_in_a_sentence(pixels):
    with pytest.raises(ImageError) as caught:
        read_field(make_fits(pixels), "field.fits", PREPROCESSING)
    assert str(caught.value).startswith("field.fits ")


def test_edges_of_missing_data_are_not_proposed():
    counts = make_noise()
    counts[:, 300:] = np.nan
    counts[100:200, 50:150] = np.nan
    field = read_field(make_fits(counts), "field.fits", PREPROCESSING)
    assert find_clusters(load_starter(), field) == ()


def test_chart_has_no_clusters():
    chart = Image.new("RGB", (600, 400), "white")
    pen = ImageDraw.Draw(chart)
    pen.line([(20, 380), (20, 20), (580, 380)], fill="black", width=3)
    for row in range(20):
        pen.text((60, 20 * row), "magnitude 12.5 and colour 0.6", fill="black")
    field = WideField("chart.png", np.asarray(chart))
    assert find_clusters(load_starter(), field) == ()


def test_model_without_novelty_cannot_search(field):
    starter = load_starter()
    blind = object.__new__(type(starter))
    blind.bundle = replace(starter.bundle, novelty=None)
    with pytest.raises(ConfigError, match="train it again"):
        FieldSearch(blind, field)


def test_contrast_is_highest_where_light_is_concentrated():
    pixels = np.random.default_rng(0).integers(10, 20, (300, 400, 3)).astype(np.uint8)
    pixels[130:170, 230:270] = 90
    best = propose_windows(pixels, most=3)[0]
    assert (best.x_px, best.y_px) == pytest.approx((250, 150), abs=8)
    assert 80 < best.side_px < 200
    assert compute_contrast(Image.fromarray(pixels).convert("L"), 120.0).max() > 3


def test_scales_of_a_large_picture_start_at_larger_windows():
    assert min(list_scales(1000, 1000)) == pytest.approx(96, rel=0.5)
    assert min(list_scales(9000, 6700)) > 200
    assert max(list_scales(9000, 6700)) == 6700


def test_certainty_grows_with_contrast_and_falls_with_novelty():
    assert compute_certainty(5.0, 0.01) > compute_certainty(2.0, 0.01)
    assert compute_certainty(5.0, 0.01) > compute_certainty(5.0, 0.9)
    assert 0 <= compute_certainty(0.6, 1.0) < compute_certainty(20.0, 0.0) <= 1


def test_box_is_moved_inside_the_picture_and_cut_to_it():
    assert Box.around((3, 50), 21, (100, 100)) == Box(0, 40, 21, 21)
    assert Box.around((99, 50), 21, (100, 100)) == Box(79, 40, 21, 21)
    assert Box.around((50, 50), 300, (100, 80)) == Box(0, 0, 100, 80)


def test_drawing_has_a_box_in_the_colour_of_each_class(field, found):
    drawn = draw_field(field, found, side_px=420)
    assert drawn.shape == (280, 420, 3)
    plain = draw_field(field, (), side_px=420)
    changed = (drawn != plain).any(axis=2)
    for each in found:
        top, middle = round(each.box.top / 2), round(each.box.centre[0] / 2)
        assert changed[max(top - 2, 0) : top + 3, middle].any()
    assert not changed[5:20, 5:20].any()


def test_records_have_the_sky_of_a_cut_out_if_it_is_known(field, found):
    records = make_records(field, found)
    assert [record["object"] for record in records] == ["cluster 1", "cluster 2"]
    assert records[0]["ra_deg"] is None
    located, _ = locate_field(field, make_fits(make_noise(560, 840), AURIGA_DEG), None)
    record = make_records(located, found)[0]
    assert (record["ra_deg"], record["dec_deg"]) == pytest.approx(AURIGA_DEG, abs=3)


def test_only_large_pictures_are_offered_a_search():
    assert is_large(make_jpeg(), "field.jpg")
    assert not is_large(make_fits(make_noise()), "field.fits")
    assert is_large(b"unknown", "field.heic")
