"""A contact sheet of small pictures, one row per kind of sky, to judge the simulation by eye."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from cluster_core.sky.render import render_picture

MARGIN_PX = 110


def render_contact_sheet(
    kinds: Sequence[str], per_kind: int, seed: int, size_px: int = 96
) -> Image.Image:
    """Render pictures of each kind, one row per kind with its name on the left.

    Parameters
    ----------
    kinds : sequence of str
        Keys of `KINDS`.
    per_kind : int
        Pictures in a row.
    seed : int
        The same seed gives the same sheet.
    size_px : int
        Side of each picture.

    Returns
    -------
    PIL.Image.Image
        In RGB.

    Raises
    ------
    KeyError
        If a kind is unknown.
    """
    sheet = Image.new("RGB", (MARGIN_PX + per_kind * size_px, len(kinds) * size_px))
    draw = ImageDraw.Draw(sheet)
    for row, kind in enumerate(kinds):
        draw.text((4, (row + 0.4) * size_px), kind, fill=(255, 255, 255))
        for column in range(per_kind):
            rng = np.random.default_rng([seed, row, column])
            pixels = render_picture(rng, kind, size_px).pixels
            sheet.paste(Image.fromarray(pixels), (MARGIN_PX + column * size_px, row * size_px))
    return sheet
