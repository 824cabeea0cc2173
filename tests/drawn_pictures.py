"""Datasets of everyday pictures that need no download: shapes, written digits, textures.

Every function writes one folder per class and always the same pixels. Digits and textures need
scikit-learn and scikit-image, which bring their pictures with them.
"""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.samples import save_picture

SHAPES = ("circle", "square", "triangle")
# Pictures in scikit-image's wheel of which every part shows something.
TEXTURES = (
    *("brick.png", "chelsea.png", "coffee.png", "coins.png", "grass.png", "gravel.png"),
    *("hubble_deep_field.jpg", "ihc.png", "moon.png", "motorcycle_left.png", "page.png"),
    "retina.jpg",
)
SHAPE_PX = 160
TILES_PER_SIDE = 4
_OVERSAMPLING = 3
_LEAST_CONTRAST = 90


def draw_shape(shape: str, seed: int) -> np.ndarray:
    """Draw one shape of random size, location, angle and colour on a plain or noisy ground.

    Parameters
    ----------
    shape : str
        One of `SHAPES`.
    seed : int
        Determines everything else.

    Returns
    -------
    ndarray of uint8, (160, 160, 3)
    """
    random = np.random.default_rng([SHAPES.index(shape), seed])
    ground, colour = _choose_colours(random)
    radius = random.uniform(0.14, 0.38) * SHAPE_PX
    centre = random.uniform(radius, SHAPE_PX - radius, 2)
    large = Image.new("RGB", (SHAPE_PX * _OVERSAMPLING, SHAPE_PX * _OVERSAMPLING), ground)
    pencil = ImageDraw.Draw(large)
    x, y, r = (float(value) * _OVERSAMPLING for value in (*centre, radius))
    if shape == "circle":
        pencil.ellipse((x - r, y - r, x + r, y + r), fill=colour)
    else:
        n_corners = {"triangle": 3, "square": 4}[shape]
        angles = random.uniform(0, math.tau) + np.arange(n_corners) * math.tau / n_corners
        corners = [(x + r * math.cos(angle), y + r * math.sin(angle)) for angle in angles]
        pencil.polygon(corners, fill=colour)
    small = large.resize((SHAPE_PX, SHAPE_PX), Image.Resampling.BOX)
    pixels = np.asarray(small, np.float64)
    if random.random() < 0.5:
        pixels = pixels + random.normal(0, random.uniform(5, 25), pixels.shape)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def _choose_colours(random: np.random.Generator) -> list[tuple[int, ...]]:
    """Draw a ground and a colour that can be told from it."""
    while True:
        pair = random.integers(0, 256, (2, 3))
        if abs(float(pair[0].mean() - pair[1].mean())) >= _LEAST_CONTRAST:
            return [tuple(map(int, colour)) for colour in pair]


def write_shapes(folder: Path, n_each: int = 25, first_seed: int = 0) -> Path:
    """Write circles, squares and triangles, `n_each` of each; other seeds are other pictures."""
    for shape in SHAPES:
        for seed in range(first_seed, first_seed + n_each):
            save_picture(folder / shape / f"{shape} {seed:03}.png", draw_shape(shape, seed))
    return folder


def write_digits(folder: Path, n_each: int = 30) -> Path:
    """Write handwritten digits of 8 x 8 pixels, the first `n_each` of each in scikit-learn."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    for digit in range(10):
        for number, values in enumerate(digits.images[digits.target == digit][:n_each]):
            grey = np.rint(values * (255 / 16)).astype(np.uint8)
            save_picture(folder / str(digit) / f"digit {digit} {number:02}.png", grey)
    return folder


def write_tiles(folder: Path, textures: tuple[str, ...] = TEXTURES) -> Path:
    """Write the central square of each of scikit-image's pictures as 4 x 4 separate tiles."""
    for texture in textures:
        with Image.open(find_sample_picture(texture)) as picture:
            side = min(picture.size) // TILES_PER_SIDE
            left, top = ((length - TILES_PER_SIDE * side) // 2 for length in picture.size)
            pixels = np.asarray(picture)
        name = Path(texture).stem
        for row in range(TILES_PER_SIDE):
            for column in range(TILES_PER_SIDE):
                y, x = top + row * side, left + column * side
                tile = pixels[y : y + side, x : x + side]
                save_picture(folder / name / f"{name} {row} {column}.png", tile)
    return folder


def find_sample_picture(name: str) -> Path:
    """Return the path of a picture in scikit-image's wheel, without importing scikit-image."""
    spec = find_spec("skimage")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "data" / name
