"""Draw on a picture of the sky what is in it: objects, directions and scale."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from cluster_core.sky_names.identification import IdentifiedObject
from cluster_core.sky_names.position import SkyPosition

_MAX_OBJECTS = 12
_MIN_RADIUS_PX = 8.0
_COLOUR = (255, 170, 60)
_FAINT = (150, 200, 255)
_SHADOW = (0, 0, 0)
_BARS_ARCMIN = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600)
_BAR_SHARE = 0.3  # of the width, at most
_ARCMIN_PER_DEG = 60


def draw_sky(
    picture: NDArray[np.uint8], position: SkyPosition, objects: tuple[IdentifiedObject, ...]
) -> NDArray[np.uint8]:
    """Draw objects with their sizes, north and east, and a scale bar on a picture.

    Parameters
    ----------
    picture : ndarray
        Shape (height, width, 3), uint8 RGB; it may be reduced.
    position : SkyPosition
        Where in the sky it is.
    objects : tuple of IdentifiedObject
        The main object first; 12 are drawn.

    Returns
    -------
    ndarray
        Same shape, uint8 RGB.
    """
    image = Image.fromarray(picture)
    there = position.resized(image.width, image.height)
    pen = _Pen(image)
    for index, each in reversed(list(enumerate(objects[:_MAX_OBJECTS]))):
        _draw_object(pen, there, each, _FAINT if index else _COLOUR)
    _draw_directions(pen, there)
    _draw_bar(pen, there)
    return np.asarray(image)


class _Pen:
    """Draws bright lines and texts with a dark edge, which show on any picture."""

    def __init__(self, image: Image.Image) -> None:
        self.width, self.height = image.size
        self.unit = max(image.size) / 100
        self._line = max(1, round(self.unit / 4))
        self._draw = ImageDraw.Draw(image)
        self._font = ImageFont.load_default(size=max(10.0, 3.4 * self.unit))

    def line(self, *points: tuple[float, float], colour: tuple[int, int, int] = _COLOUR) -> None:
        for fill, width in ((_SHADOW, self._line + 2), (colour, self._line)):
            self._draw.line(points, fill=fill, width=width)

    def circle(self, x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
        for fill, width, more in ((_SHADOW, self._line + 2, 1), (colour, self._line, 0)):
            reach = radius + more
            box = (x - reach, y - reach, x + reach, y + reach)
            self._draw.ellipse(box, outline=fill, width=width)

    def text(
        self,
        place: tuple[float, float],
        text: str,
        colour: tuple[int, int, int] = _COLOUR,
        anchor: str = "mm",
    ) -> None:
        """Write a text that stays inside the picture."""
        left, top, right, bottom = self._draw.textbbox(place, text, font=self._font, anchor=anchor)
        x = place[0] + max(0, 2 - left) - max(0, right + 2 - self.width)
        y = place[1] + max(0, 2 - top) - max(0, bottom + 2 - self.height)
        self._draw.text(
            (x, y),
            text,
            fill=colour,
            font=self._font,
            anchor=anchor,
            stroke_width=max(1, self._line),
            stroke_fill=_SHADOW,
        )


def _draw_object(
    pen: _Pen, position: SkyPosition, each: IdentifiedObject, colour: tuple[int, int, int]
) -> None:
    x, y = (float(value) for value in position.to_pixels(each.object.ra_deg, each.object.dec_deg))
    if not math.isfinite(x + y):
        return
    radius_px = (each.object.diameter_arcmin or 0) * 30 / position.scale_arcsec_px
    radius_px = max(_MIN_RADIUS_PX, min(radius_px, 4 * max(pen.width, pen.height)))
    pen.circle(x, y, radius_px, colour)
    pen.text((x, y + radius_px + 2.5 * pen.unit), each.object.name, colour)


def _draw_directions(pen: _Pen, position: SkyPosition) -> None:
    """Draw arrows to north and east from a point near the lower right corner."""
    length, head = 8 * pen.unit, 2 * pen.unit
    start = (pen.width - 14 * pen.unit, pen.height - 14 * pen.unit)
    north = math.radians(position.north_angle_deg)
    # East is counter-clockwise from north in the sky, clockwise in a mirrored picture.
    east = north + math.radians(-90 if position.mirrored else 90)
    for angle, letter in ((north, "N"), (east, "E")):
        across, down = -math.sin(angle), -math.cos(angle)
        tip = (start[0] + length * across, start[1] + length * down)
        pen.line(start, tip)
        for side in (-1, 1):
            back = (across + side * down / 2, down - side * across / 2)
            pen.line(tip, (tip[0] - head * back[0], tip[1] - head * back[1]))
        pen.text((tip[0] + head * across * 1.4, tip[1] + head * down * 1.4), letter)


def _draw_bar(pen: _Pen, position: SkyPosition) -> None:
    """Draw the longest bar of a round size that fits, near the lower left corner."""
    arcmin_per_px = position.scale_arcsec_px / 60
    fitting = [each for each in _BARS_ARCMIN if each < _BAR_SHARE * pen.width * arcmin_per_px]
    if not fitting:
        return
    arcmin = fitting[-1]
    length, left, y = arcmin / arcmin_per_px, 3 * pen.unit, pen.height - 4 * pen.unit
    pen.line((left, y), (left + length, y))
    for x in (left, left + length):
        pen.line((x, y - pen.unit), (x, y + pen.unit))
    degrees = arcmin / _ARCMIN_PER_DEG
    text = f"{degrees:g}°" if degrees >= 1 else f"{arcmin:g}'"
    pen.text((left + length / 2, y - 3.5 * pen.unit), text)
