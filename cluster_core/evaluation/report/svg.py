"""Draw plots as inline SVG, which needs no script and prints well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

WIDTH_PX, HEIGHT_PX = 320, 250
LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 44, 20, 10, 40
# Distinguishable with colour blindness, on white and on black.
COLOURS = ("#4C78D8", "#E8871E", "#3AA887", "#C44E9C", "#8A7AD8", "#B8A024", "#D8504C", "#6C8EA0")
# A curve of 10,000 pictures would make the file large.
MAX_POINTS = 200
# Every range of whole tenths is then divided at whole percents.
_N_TICKS = 6


@dataclass(frozen=True)
class Line:
    """A line of a plot.

    Attributes
    ----------
    name : str
        Shown in the legend; empty for none.
    x, y : sequence of float
        The points.
    colour : str
    is_dashed, has_dots, has_line : bool
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str = "gray"
    is_dashed: bool = False
    has_dots: bool = False
    has_line: bool = True


@dataclass(frozen=True)
class Axes:
    """The axes of a plot: titles and ranges; shares from 0 to 1 are shown as percentages."""

    x_title: str
    y_title: str
    x_range: tuple[float, float] = (0.0, 1.0)
    y_range: tuple[float, float] = (0.0, 1.0)


def draw_plot(lines: Sequence[Line], axes: Axes) -> str:
    """Return a plot as an SVG element, with its legend below it.

    Parameters
    ----------
    lines : sequence of Line
        Their points are inside the ranges of the axes, and finite.
    axes : Axes
    """
    named = [line for line in lines if line.name]
    height = HEIGHT_PX + 8 + 16 * len(named)
    parts = [
        f'<svg viewBox="0 0 {WIDTH_PX} {height}" role="img" '
        f'aria-label="{escape(_describe(named, axes))}">',
        *_draw_ticks(axes),
        *(_draw_line(line, axes) for line in lines),
        *(_draw_legend(line, HEIGHT_PX + 8 + 16 * row) for row, line in enumerate(named)),
        "</svg>",
    ]
    return "".join(parts)


def _describe(lines: Sequence[Line], axes: Axes) -> str:
    """Return a plot in words: its axes, the names of its lines, and the points that have dots."""
    words = []
    for line in lines:
        points = ", ".join(
            f"{_format(y, axes.y_range)} at {_format(x, axes.x_range)}"
            for x, y in zip(line.x, line.y, strict=True)
        )
        words.append(f"{line.name}: {points}" if line.has_dots else line.name)
    return f"{axes.y_title} against {axes.x_title}; {'; '.join(words)}"


def _place(x: float, y: float, axes: Axes) -> tuple[float, float]:
    (x_low, x_high), (y_low, y_high) = axes.x_range, axes.y_range
    across = (x - x_low) / ((x_high - x_low) or 1)
    up = (y - y_low) / ((y_high - y_low) or 1)
    return (
        LEFT_PX + across * (WIDTH_PX - LEFT_PX - RIGHT_PX),
        HEIGHT_PX - BOTTOM_PX - up * (HEIGHT_PX - TOP_PX - BOTTOM_PX),
    )


def _draw_ticks(axes: Axes) -> list[str]:
    parts = []
    for value in np.linspace(*axes.x_range, _N_TICKS):
        x, y = _place(float(value), axes.y_range[0], axes)
        parts.append(
            f'<text x="{x:.1f}" y="{y + 14:.1f}" text-anchor="middle">'
            f"{_format(float(value), axes.x_range)}</text>"
        )
    for value in np.linspace(*axes.y_range, _N_TICKS):
        x, y = _place(axes.x_range[0], float(value), axes)
        end, _ = _place(axes.x_range[1], float(value), axes)
        parts.append(f'<path class="grid" d="M{x:.1f} {y:.1f}H{end:.1f}"/>')
        parts.append(
            f'<text x="{x - 5:.1f}" y="{y + 3:.1f}" text-anchor="end">'
            f"{_format(float(value), axes.y_range)}</text>"
        )
    middle = (LEFT_PX + WIDTH_PX - RIGHT_PX) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT_PX - 8}" text-anchor="middle">{escape(axes.x_title)}</text>'
    )
    turned = f"rotate(-90 10 {HEIGHT_PX / 2})"
    parts.append(
        f'<text x="10" y="{HEIGHT_PX / 2}" transform="{turned}" text-anchor="middle">'
        f"{escape(axes.y_title)}</text>"
    )
    return parts


def _format(value: float, its_range: tuple[float, float]) -> str:
    return f"{100 * value:.0f}%" if its_range[1] <= 1 else f"{value:,.0f}"


def _draw_line(line: Line, axes: Axes) -> str:
    chosen = np.unique(np.linspace(0, len(line.x) - 1, min(MAX_POINTS, len(line.x))).astype(int))
    points = [_place(float(line.x[n]), float(line.y[n]), axes) for n in chosen]
    drawn = ""
    if line.has_line:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dash = ' stroke-dasharray="5 4"' if line.is_dashed else ""
        drawn = f'<path d="{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>'
    if line.has_dots:
        drawn += "".join(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>' for x, y in points
        )
    return drawn


def _draw_legend(line: Line, y: int) -> str:
    return (
        f'<path d="M{LEFT_PX} {y}h18" stroke="{line.colour}" stroke-width="2"/>'
        f'<text x="{LEFT_PX + 24}" y="{y + 3}">{escape(line.name)}</text>'
    )
