"""Draw the clusters that were found on a picture of the field."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cluster_core.model.prediction.prediction import Prediction, Verdict
from cluster_core.model.prediction.words import format_score
from cluster_core.wide_fields.field import WideField
from cluster_core.wide_fields.search import FieldCluster

DRAWN_SIDE_PX = 1600
# Orange and blue are told apart with every kind of colour vision.
_COLOURS = ((255, 150, 30), (70, 160, 255), (120, 220, 120), (240, 120, 220))
_OTHER = (190, 190, 190)
_SHADOW = (0, 0, 0)


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
    for number, cluster in enumerate(clusters, start=1):
        prediction, box = cluster.prediction, cluster.box
        colour = _OTHER
        if prediction.verdict is Verdict.LABEL:
            colour = _COLOURS[labels.index(prediction.label) % len(_COLOURS)]
        left, top = box.left * factor, box.top * factor
        right, bottom = left + box.width * factor - 1, top + box.height * factor - 1
        pen.rectangle((left, top, right, bottom), outline=colour, width=2)
        text = f"{name_cluster(cluster, number)}\n{describe_answer(prediction)}"
        _write(pen, text, (left, bottom), colour, font)
    return np.asarray(picture)


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[float, float],
    colour: tuple[int, int, int],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    """Write below the lower left corner of a box, or inside it at the border of the picture."""
    picture_width, picture_height = pen.im.size if pen.im else (0, 0)
    left, top, right, bottom = pen.multiline_textbbox(corner, text, font=font, stroke_width=2)
    x = min(corner[0] + 2, picture_width - (right - left))
    y = corner[1] + 2
    if bottom + 4 > picture_height:
        y = corner[1] - (bottom - top) - 6
    pen.multiline_text(
        (max(x, 0), y), text, fill=colour, font=font, stroke_width=2, stroke_fill=_SHADOW
    )
