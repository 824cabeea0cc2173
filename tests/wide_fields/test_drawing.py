"""Where names are written on a picture of a field."""

from __future__ import annotations

import pytest

from cluster_core.wide_fields.drawing import _overlap, _place_label

SIZE = (60, 20)
PICTURE = (400, 400)


@pytest.mark.parametrize(
    "other", [(0, 210, 110, 300), (150, 203, 190, 300), (100, 203, 300, 240), (0, 0, 1, 1)]
)
def test_label_is_written_out_of_other_boxes(other):
    box = (100, 100, 200, 200)
    label = _place_label(box, SIZE, PICTURE, [box, other])
    assert not _overlap(label, box)
    assert not _overlap(label, other)


def test_label_of_a_box_as_large_as_the_picture_is_written_inside():
    box = (0, 0, 399, 399)
    left, top, right, bottom = _place_label(box, SIZE, PICTURE, [box])
    assert left >= 0
    assert top >= 0
    assert right < PICTURE[0]
    assert bottom < PICTURE[1]
