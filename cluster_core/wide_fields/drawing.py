"""Draw the clusters that were found on a picture of the field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.words import format_score
from cluster_core.wide_fields.boxes import Box
from cluster_core.wide_fields.field import WideField
from cluster_core.wide_fields.search import FieldCluster

DRAWN_SIDE_PX = 1600
# Orange and blue are told apart with every kind of colour vision.
_COLOURS = ((255, 150, 30), (70, 160, 255), (120, 220, 120), (240, 120, 220))
_OTHER = (190, 190, 190)
_SHADOW = (0, 0, 0)
_MARGIN_PX = 2

_Rectangle = tuple[float, float, float, float]  # left, top, right, bottom


def name_cluster(cluster: FieldCluster, number: int) -> str:
    """Return the name to show: that of the catalogue, or a number from 1."""
    return cluster.catalogued.name if cluster.catalogued else f"cluster {number}"


def describe_cluster(cluster: FieldCluster) -> str:
    """Return what the model says of a cut-out, and the catalogue, or how sure the search is."""
    said = [describe_answer(cluster.prediction)]
    if cluster.catalogued is not None:
        said.append(f"catalogue: {cluster.catalogued.kind}")
    if cluster.certainty is not None:
        said.append(f"certainty {format_score(cluster.certainty)}")
    return "; ".join(said)


def describe_answer(prediction: Prediction) -> str:
    """Return the model's answer in a few words, such as "open clusters 97%"."""
    if prediction.verdict is Verdict.LABEL:
        return f"{prediction.label} {format_score(prediction.score)}"
    return str(prediction.verdict)


def draw_field(
    field: WideField, clusters: Sequence[FieldCluster], side_px: int = DRAWN_SIDE_PX
) -> np.ndarray:
    """Draw the cut-outs of clusters as boxes, with names and answers, on a reduced picture.

    Parameters
    ----------
    field : WideField
    clusters : sequence of FieldCluster
    side_px : int
        The longest side of the picture.

    Returns
    -------
    ndarray of uint8, (height, width, 3)
        RGB. Each class has a colour; what the model does not label is grey.
    """
    factor = min(1.0, side_px / max(field.size))
    width, height = (max(1, round(side * factor)) for side in field.size)
    picture = Image.fromarray(field.pixels).resize(
        (width, height), Image.Resampling.BILINEAR, reducing_gap=2.0
    )
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=max(11, max(width, height) / 60))
    labels = sorted({label for each in clusters for label in each.prediction.scores})
    boxes = [_scale(each.box, factor) for each in clusters]
    colours = [_choose_colour(each.prediction, labels) for each in clusters]
    for box, colour in zip(boxes, colours, strict=True):
        pen.rectangle(box, outline=colour, width=2)
    taken = list(boxes)
    for number, (cluster, box, colour) in enumerate(
        zip(clusters, boxes, colours, strict=True), start=1
    ):
        text = f"{name_cluster(cluster, number)}\n{describe_answer(cluster.prediction)}"
        size = pen.multiline_textbbox((0, 0), text, font=font)[2:]
        label = _place_label(box, size, (width, height), taken)
        taken.append(label)
        pen.rectangle(label, fill=_SHADOW)
        corner = (label[0] + _MARGIN_PX, label[1] + _MARGIN_PX)
        pen.multiline_text(corner, text, fill=colour, font=font)
    return np.asarray(picture)


def _scale(box: Box, factor: float) -> _Rectangle:
    left, top = box.left * factor, box.top * factor
    return left, top, left + box.width * factor - 1, top + box.height * factor - 1


def _choose_colour(prediction: Prediction, labels: Sequence[str]) -> tuple[int, int, int]:
    if prediction.verdict is not Verdict.LABEL:
        return _OTHER
    return _COLOURS[labels.index(prediction.label) % len(_COLOURS)]


def _place_label(
    box: _Rectangle, size: tuple[float, ...], picture: tuple[int, int], taken: Sequence[_Rectangle]
) -> _Rectangle:
    """Return a free place below or above a box, at its left or right, else one inside it."""
    left, top, right, bottom = box
    width, height = (side + 2 * _MARGIN_PX for side in size)
    inside = (left + 2, bottom - height - 2)
    beside = [(x, y) for y in (bottom + 2, top - height - 2) for x in (left, right - width)]
    for x, y in (*beside, inside):
        start, above = max(0.0, min(x, picture[0] - width)), max(0.0, y)
        label = (start, above, start + width, above + height)
        fits = above == y and label[3] <= picture[1]
        if fits and not any(_overlap(label, other) for other in taken):
            break
    return label


def _overlap(a: _Rectangle, b: _Rectangle) -> bool:
    return a[0] <= b[2] and b[0] <= a[2] and a[1] <= b[3] and b[1] <= a[3]
