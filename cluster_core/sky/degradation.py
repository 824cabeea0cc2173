"""What pictures suffer on the web: borders, captions, JPEG artefacts, enlarged thumbnails."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cluster_core.sky.random_draws import happens

CAPTION = (
    "M13 NGC 6205 M67 NGC 7789 M45 Pleiades M11 Wild Duck Omega Centauri 47 Tuc Hubble ESO "
    "Copyright 2019 RGB 20x300s f/5 Globular Open Cluster Perseus Sagittarius stock photo www"
)
WORDS = tuple(CAPTION.split())
FILTERS = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
)


@dataclass(frozen=True)
class WebDegradation:
    """What happened to a picture after it was published.

    Attributes
    ----------
    round_edge : float
        Radius of a round mask, as of an eyepiece, over half the shorter side; 0 for none.
    missing_corner : float
        Side of a black corner, as in pictures of Hubble's WFPC2, over the picture's side; 0
        for none.
    border : float
        Maximum width of a plain border over the longer side; 0 for none.
    border_grey : int
        Grey level of the border, 0 to 255.
    captions : int
        Number of lines of text on the picture.
    jpeg_quality : int
        Quality of the last JPEG compression, 1 to 100; 0 for none.
    thumbnail_px : int
        Longer side of a thumbnail that was enlarged again; 0 for none.
    resampling : PIL.Image.Resampling
        The filter for every change of size.
    """

    round_edge: float = 0.0
    missing_corner: float = 0.0
    border: float = 0.0
    border_grey: int = 0
    captions: int = 0
    jpeg_quality: int = 0
    thumbnail_px: int = 0
    resampling: Image.Resampling = Image.Resampling.BILINEAR

    def apply(
        self, rng: np.random.Generator, picture: Image.Image, size_px: tuple[int, int]
    ) -> Image.Image:
        """Degrade a picture and squeeze it to its final size.

        Parameters
        ----------
        rng : numpy.random.Generator
        picture : PIL.Image.Image
            In RGB; may be drawn on.
        size_px : tuple of int
            Width and height of the result.

        Returns
        -------
        PIL.Image.Image
            In RGB.
        """
        if self.round_edge:
            picture = self._mask_round(picture)
        if self.missing_corner:
            picture = self._cut_corner(rng, picture)
        if self.border:
            picture = self._add_border(rng, picture)
        for _ in range(self.captions):
            _write_caption(rng, picture)
        if self.thumbnail_px:
            scale = self.thumbnail_px / max(picture.size)
            small = tuple(max(8, round(side * scale)) for side in picture.size)
            picture = picture.resize((small[0], small[1]), self.resampling)
        if self.jpeg_quality:
            picture = _compress(picture, self.jpeg_quality)
        return picture.resize(size_px, self.resampling)

    def _mask_round(self, picture: Image.Image) -> Image.Image:
        width, height = picture.size
        x = np.arange(width)[None, :] - (width - 1) / 2.0
        y = np.arange(height)[:, None] - (height - 1) / 2.0
        edge = self.round_edge * min(width, height) / 2.0
        bright = np.clip((edge - np.hypot(x, y)) / 3.0 + 0.5, 0.0, 1.0)[:, :, None]
        return Image.fromarray((np.asarray(picture) * bright).astype(np.uint8))

    def _cut_corner(self, rng: np.random.Generator, picture: Image.Image) -> Image.Image:
        width, height = picture.size
        wide, high = int(self.missing_corner * width), int(self.missing_corner * height)
        left, top = rng.choice([0, width - wide]), rng.choice([0, height - high])
        ImageDraw.Draw(picture).rectangle((left, top, left + wide, top + high), fill=(0, 0, 0))
        return picture

    def _add_border(self, rng: np.random.Generator, picture: Image.Image) -> Image.Image:
        """Paste the picture on a plain page, as on posters and slides."""
        width, height = picture.size
        sides = rng.uniform(0.1, 1.0, 4) * self.border * max(width, height)
        left, right, top, bottom = (int(side) for side in sides)
        grey = self.border_grey
        page = Image.new("RGB", (width + left + right, height + top + bottom), (grey, grey, grey))
        page.paste(picture, (left, top))
        if happens(rng, 0.3):
            box = (left - 1, top - 1, left + width, top + height)
            ImageDraw.Draw(page).rectangle(box, outline=(200, 200, 200))
        return page


def _write_caption(rng: np.random.Generator, picture: Image.Image) -> None:
    """Write a random caption, usually near the top or bottom edge."""
    width, height = picture.size
    text = " ".join(rng.choice(WORDS, rng.integers(1, 6)))
    size = int(np.clip(rng.uniform(0.03, 0.1) * height, 6, 40))
    edge = rng.choice([0.01, 0.98 - size / height, rng.uniform(0.0, 0.9)])
    position = (rng.uniform(-0.05, 0.6) * width, edge * height)
    fill = tuple(int(c) for c in np.clip(rng.integers(120, 256) + rng.normal(0, 30, 3), 0, 255))
    ImageDraw.Draw(picture).text(position, text, fill=fill, font=_load_font(size))


@cache
def _load_font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size_px)


def _compress(picture: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")
