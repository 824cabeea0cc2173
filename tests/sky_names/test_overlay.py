"""What is drawn on a picture of the sky."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_core.sky_names.catalogue import CatalogueObject
from cluster_core.sky_names.identification import IdentifiedObject
from cluster_core.sky_names.overlay import draw_sky
from cluster_core.sky_names.position import SkyPosition

SCALE_DEG = 0.005
SIDE = 400


def make_position(side=SIDE, mirrored=False) -> SkyPosition:
    scale = SCALE_DEG * SIDE / side
    east = scale if mirrored else -scale
    return SkyPosition(100.0, 20.0, ((east, 0.0), (0.0, -scale)), side, side)


def make_object(dec_deg=20.0, diameter=60.0) -> IdentifiedObject:
    found = CatalogueObject("M 99", (), "open cluster", 100.0, dec_deg, diameter)
    return IdentifiedObject(found, 0.0)


def draw(position, objects=()) -> np.ndarray:
    """Return where something bright is drawn on a black picture."""
    return draw_sky(np.zeros((SIDE, SIDE, 3), np.uint8), position, tuple(objects)).max(axis=2) > 100


@pytest.mark.parametrize("side", [SIDE, 4 * SIDE])
def test_circle_has_the_size_of_the_object_also_on_a_reduced_picture(side):
    drawn = draw(make_position(side), [make_object()]) & ~draw(make_position(side))
    top_part = drawn[: SIDE // 2]  # above the name
    rows, columns = np.nonzero(top_part)
    radius = 0.5 / SCALE_DEG
    assert (SIDE - 1) / 2 - rows.min() == pytest.approx(radius, abs=2)
    assert columns.max() - columns.min() == pytest.approx(2 * radius, abs=3)


def test_object_in_the_north_is_above_the_centre():
    drawn = draw(make_position(), [make_object(20.5, 12.0)]) & ~draw(make_position())
    assert np.nonzero(drawn)[0].mean() < SIDE / 2 - 70


def test_east_is_on_the_other_side_of_a_mirrored_picture():
    plain, mirrored = draw(make_position()), draw(make_position(mirrored=True))
    right, left = plain & ~mirrored, mirrored & ~plain
    assert np.nonzero(right)[1].mean() < np.nonzero(left)[1].mean()


def test_objects_far_outside_and_without_a_size_do_no_harm():
    objects = [make_object(-80.0), make_object(89.9, None)]
    assert draw(make_position(), objects).shape == (SIDE, SIDE)
