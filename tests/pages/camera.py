"""A camera for page tests: what a browser would send."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from pages.components.camera.frames import FrameMessage


def make_frame(seed: int) -> bytes:
    """Return a JPEG of 64 x 48 pixels, like no other seed's."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((64, 48)).save(file, "JPEG")
    return file.getvalue()


def encode(frame: bytes) -> str:
    return base64.b64encode(frame).decode()


def make_message(first: int, n_frames: int, *, recording="one", is_last=True) -> FrameMessage:
    """Return frames of a recording; the frame of each number is always the same."""
    frames = tuple(make_frame(number) for number in range(first, first + n_frames))
    return FrameMessage(recording, first, frames, is_last)
