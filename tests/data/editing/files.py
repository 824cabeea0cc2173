"""Pictures as bytes, and all files of a folder, for the tests of changes to a dataset."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image

from tests.samples import draw_blob


def encode(seed: int = 1, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.fromarray(draw_blob(seed)).save(target, kind)
    return target.getvalue()


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of every file in a folder, including hidden ones, by path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
