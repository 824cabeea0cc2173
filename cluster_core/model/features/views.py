"""Views of a picture: as it is, turned and mirrored, or randomly distorted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image

# Names of views are part of cache keys: a changed name invalidates cached features.
IDENTITY_NAME = "as it is"
# Number of distorted variants of each training picture whose features are cached.
N_VARIANTS = 16


@dataclass(frozen=True)
class View:
    """A named transformation of a picture.

    Attributes
    ----------
    name : str
        Part of the cache key: two views with the same name give the same pixels.
    apply : callable
        Maps RGB pixels, uint8 (size, size, 3), to an array of the same shape and dtype.
    """

    name: str
    apply: Callable[[np.ndarray], np.ndarray]


def _symmetry(quarter_turns: int, mirrored: bool) -> View:
    def apply(pixels: np.ndarray) -> np.ndarray:
        turned = np.rot90(pixels[:, ::-1] if mirrored else pixels, quarter_turns)
        return np.ascontiguousarray(turned)

    name = f"turned {90 * quarter_turns}" + (" mirrored" if mirrored else "")
    return View(name if quarter_turns or mirrored else IDENTITY_NAME, apply)


PLAIN_VIEWS = (_symmetry(0, False),)
# The sky has no preferred orientation: all eight symmetries of the square show the same object.
SKY_VIEWS = tuple(_symmetry(turns, mirrored) for mirrored in (False, True) for turns in range(4))


@dataclass(frozen=True)
class Distortion:
    """Random distortions of training pictures, as in the retrain script.

    An instance is false if it distorts nothing.

    Attributes
    ----------
    flip_left_right : bool
        Mirror a picture with a probability of one half.
    random_crop : int
        Margin to crop, in percent of what remains, 0 to 99; its position is random.
    random_scale : int
        Maximum enlargement in percent, 0 to 400.
    random_brightness : int
        Maximum change of the brightness in percent, up or down, 0 to 99.
    """

    flip_left_right: bool = False
    random_crop: int = 0
    random_scale: int = 0
    random_brightness: int = 0

    def __bool__(self) -> bool:
        return any(
            (self.flip_left_right, self.random_crop, self.random_scale, self.random_brightness)
        )

    def views(self) -> tuple[View, ...]:
        """Return the `N_VARIANTS` distorted views of every picture."""
        return tuple(self._variant(number) for number in range(N_VARIANTS))

    def _variant(self, number: int) -> View:
        settings = (
            f"flip={int(self.flip_left_right)} crop={self.random_crop} "
            f"scale={self.random_scale} brightness={self.random_brightness}"
        )
        name = f"distorted {settings} #{number}"

        def apply(pixels: np.ndarray) -> np.ndarray:
            # Seeded by picture and view: every picture is distorted differently, but the
            # same way each time, so that cached features stay valid.
            seed = hashlib.sha256(name.encode() + pixels.tobytes()).digest()
            return self._distort(pixels, np.random.default_rng(int.from_bytes(seed[:8])))

        return View(name, apply)

    def _distort(self, pixels: np.ndarray, random: np.random.Generator) -> np.ndarray:
        size = pixels.shape[0]
        scale = (1 + self.random_crop / 100) * (1 + random.uniform(0, self.random_scale / 100))
        side = size / scale
        left, top = random.uniform(0, size - side, size=2)
        box = (left, top, left + side, top + side)
        picture = Image.fromarray(pixels)
        distorted = np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR, box=box))
        if self.flip_left_right and random.random() < 0.5:  # noqa: PLR2004
            distorted = distorted[:, ::-1]
        change = self.random_brightness / 100
        brightness = np.float32(random.uniform(1 - change, 1 + change))
        return np.clip(distorted * brightness, 0, 255).round().astype(np.uint8)
