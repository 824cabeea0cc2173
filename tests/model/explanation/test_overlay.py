from __future__ import annotations

import numpy as np

from cluster_core.model.explanation.overlay import draw_overlay

GREY = np.full((40, 60, 3), 100, np.uint8)


def test_evidence_is_orange_where_for_and_blue_where_against():
    evidence = np.array([[1, 0], [0, -1]], np.float32)
    drawn = draw_overlay(GREY, evidence).astype(int)
    assert drawn.shape == GREY.shape
    red, _, blue = drawn[0, 0]
    assert red > blue + 50
    red, _, blue = drawn[-1, -1]
    assert blue > red + 50


def test_picture_without_evidence_is_only_grey():
    drawn = draw_overlay(GREY, np.zeros((8, 8), np.float32))
    assert (drawn == drawn[0, 0, 0]).all()
