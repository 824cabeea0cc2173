"""Charts, plots, text and screenshots, as display values from 0 to 1."""

from __future__ import annotations

import string
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cluster_core.sky.degradation import WORDS
from cluster_core.sky.frame import Frame
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import draw_log_uniform, happens

Colour = tuple[int, int, int]


def _start_page(
    rng: np.random.Generator, frame: Frame, dark_share: float
) -> tuple[Image.Image, Colour]:
    """Return an empty page, light or dark, and the colour of its ink."""
    tint = rng.normal(0, 8, 3)
    is_dark = happens(rng, dark_share)
    paper = rng.uniform(0, 60) if is_dark else rng.uniform(200, 255)
    ink = rng.uniform(150, 255) if is_dark else rng.uniform(0, 80)
    size = (frame.shape[1], frame.shape[0])
    return Image.new("RGB", size, _to_colour(paper + tint)), _to_colour(ink + tint)


def _to_colour(values: Floats) -> Colour:
    red, green, blue = (int(value) for value in np.clip(values, 0, 255))
    return red, green, blue


def _draw_bright(rng: np.random.Generator) -> Colour:
    return _to_colour(rng.uniform(0, 255, 3))


def _write(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, where: tuple[float, float], ink: Colour
) -> None:
    letters = list(string.ascii_letters + string.digits)
    word = str(rng.choice(WORDS)) if happens(rng, 0.5) else "".join(rng.choice(letters, 6))
    draw.text(where, word, fill=ink, font=ImageFont.load_default(int(rng.integers(6, 13))))


def draw_text(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a page of text, in lines of one size, or a few words in large letters."""
    page, ink = _start_page(rng, frame, 0.5)
    draw, (width, height) = ImageDraw.Draw(page), page.size
    size = int(draw_log_uniform(rng, (5, 60)))
    font = ImageFont.load_default(size)
    letters = np.array(list(string.ascii_lowercase + "      "))
    y = rng.uniform(0, 0.2) * height
    while y < height:
        if happens(rng, 0.93):
            count = int(rng.uniform(0.5, 1.0) * width / (0.5 * size)) + 1
            draw.text((0.08 * width, y), "".join(rng.choice(letters, count)), ink, font)
        y += size * rng.uniform(1.1, 1.5)
    return _finish(rng, page)


def draw_plot(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a plot: points, lines, bars or a spectrum, mostly with axes and labels."""
    page, ink = _start_page(rng, frame, 0.3)
    draw, (width, height) = ImageDraw.Draw(page), page.size
    left, top, right, bottom = 0.15 * width, 0.1 * height, 0.92 * width, 0.85 * height
    for _ in range(rng.integers(1, 4)):
        colour = ink if happens(rng, 0.4) else _draw_bright(rng)
        x = np.linspace(left, right, int(rng.integers(8, 120)))
        walk = np.cumsum(rng.normal(0, 1, len(x)))
        y = top + (bottom - top) * (walk - walk.min()) / max(np.ptp(walk), 1e-6)
        kind = rng.choice(["line", "points", "bars", "cloud"])
        if kind == "line":
            draw.line(list(zip(x, y, strict=True)), fill=colour, width=int(rng.integers(1, 4)))
        elif kind == "bars":
            for place, value in zip(x[::4], y[::4], strict=True):
                draw.rectangle((place, value, place + (x[1] - x[0]) * 3, bottom + 1), fill=colour)
        else:
            if kind == "cloud":  # a colour-magnitude diagram
                x = np.repeat(x, 6) + rng.normal(0, 0.04 * width, 6 * len(x))
                y = np.repeat(y, 6) + rng.normal(0, 0.05 * height, 6 * len(y))
            _dot(rng, draw, np.stack([x, y], axis=1), colour)
    if happens(rng, 0.9):
        draw.line((left, top, left, bottom, right, bottom), fill=ink, width=1)
        for share in np.linspace(0, 1, int(rng.integers(3, 8))):
            _write(rng, draw, (left + share * (right - left) - 8, bottom + 3), ink)
            if happens(rng, 0.4):
                height_px = top + share * (bottom - top)
                draw.line((left, height_px, right, height_px), fill=ink, width=1)
    _write(rng, draw, (0.3 * width, 0.02 * height), ink)
    return _finish(rng, page)


def _dot(
    rng: np.random.Generator, draw: ImageDraw.ImageDraw, places: Floats, colour: Colour
) -> None:
    radius = rng.uniform(0.5, 3.0)
    for x, y in places:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def draw_chart(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a star chart: discs by magnitude, lines of constellations, a grid and names."""
    page, ink = _start_page(rng, frame, 0.45)
    draw, (width, height) = ImageDraw.Draw(page), page.size
    count = int(draw_log_uniform(rng, (15, 300)))
    places = rng.uniform(0, 1, (count, 2)) * (width, height)
    for step in np.linspace(0, 1, int(rng.integers(2, 7))) if happens(rng, 0.7) else ():
        line = _draw_bright(rng)
        draw.line((step * width, 0, step * width, height), fill=line)
        bend = rng.uniform(-0.2, 0.2) * height
        draw.line((0, step * height, width, step * height + bend), fill=line)
    for x, y in places:
        radius = min(0.5 * rng.random() ** -0.5, 6.0)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    if happens(rng, 0.7):
        line = _draw_bright(rng)
        for first, second in rng.integers(0, count, (int(rng.integers(3, 15)), 2)):
            draw.line((*places[first], *places[second]), fill=line)
    for x, y in places[: rng.integers(2, 25)]:
        _write(rng, draw, (x + 4, y - 4), ink)
    for x, y in places[-rng.integers(1, 8) :]:
        draw.ellipse((x - 7, y - 5, x + 7, y + 5), outline=_draw_bright(rng))
    return _finish(rng, page)


def draw_screenshot(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a window of a program: bars, panels, buttons and lines of text."""
    page, ink = _start_page(rng, frame, 0.4)
    draw, (width, height) = ImageDraw.Draw(page), page.size
    for _ in range(rng.integers(3, 14)):
        x, y = rng.uniform(-0.1, 0.9) * width, rng.uniform(-0.1, 0.9) * height
        box = (x, y, x + rng.uniform(0.05, 0.7) * width, y + rng.uniform(0.03, 0.5) * height)
        fill = (
            _draw_bright(rng) if happens(rng, 0.5) else _to_colour(np.full(3, rng.uniform(0, 255)))
        )
        if happens(rng, 0.5):
            draw.rounded_rectangle(box, 4, fill=fill, outline=ink)
        else:
            draw.rectangle(box, fill=fill)
    draw.rectangle((0, 0, width, 0.06 * height), fill=_draw_bright(rng))
    for _ in range(rng.integers(5, 40)):
        _write(rng, draw, (rng.uniform(0, 0.9) * width, rng.uniform(0, 1) * height), ink)
    return _finish(rng, page)


def draw_diagram(rng: np.random.Generator, frame: Frame) -> Floats:
    """Draw a diagram: shapes, arrows and labels; or a logo of a few flat shapes."""
    page, ink = _start_page(rng, frame, 0.35)
    draw, (width, height) = ImageDraw.Draw(page), page.size
    shapes: tuple[Callable[..., None], ...] = (draw.ellipse, draw.rectangle)
    for _ in range(rng.integers(1, 10)):
        x, y = rng.uniform(0, 0.8) * width, rng.uniform(0, 0.8) * height
        wide, high = rng.uniform(0.03, 0.5, 2) * width
        shape = shapes[rng.integers(2)]
        fill = _draw_bright(rng) if happens(rng, 0.7) else None
        shape((x, y, x + wide, y + high), fill=fill, outline=ink)
        if happens(rng, 0.5):
            corners = [tuple(rng.uniform(0, 1, 2) * (width, height)) for _ in range(3)]
            draw.polygon(corners, fill=fill, outline=ink)
        if happens(rng, 0.5):
            end = tuple(rng.uniform(0, 1, 2) * (width, height))
            draw.line((x, y, *end), fill=ink, width=int(rng.integers(1, 5)))
            _write(rng, draw, (x, y), ink)
    return _finish(rng, page)


def _finish(rng: np.random.Generator, page: Image.Image) -> Floats:
    """Return a page as numbers, sometimes photographed in uneven light."""
    picture = np.asarray(page, np.float32) / 255.0
    if happens(rng, 0.25):
        rows, columns, _ = picture.shape
        light = np.linspace(0, rng.uniform(-0.5, 0.5), columns)[None, :, None] + 1.0
        light = light + np.linspace(0, rng.uniform(-0.4, 0.4), rows)[:, None, None]
        picture = picture * light * rng.uniform(0.6, 1.0)
        picture = picture + rng.normal(0, 0.02, picture.shape)
    return np.clip(picture, 0.0, 1.0)
