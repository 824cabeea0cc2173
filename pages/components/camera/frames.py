"""Frames of a camera, checked as they come from a browser."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

MAX_FRAMES = 300  # in one recording: half a minute at 8 frames per second
MAX_FRAMES_AT_ONCE = 16
MAX_FRAME_BYTES = 500_000  # four times a JPEG of 640 x 480 pixels full of detail
_MAX_BASE64 = MAX_FRAME_BYTES * 4 // 3 + 4
_MAX_ID = 64
_JPEG_MAGIC = b"\xff\xd8\xff"


@dataclass(frozen=True)
class FrameMessage:
    """Frames that a browser sent.

    Attributes
    ----------
    recording : str
        Identifies the recording.
    first : int
        The number of the first of these frames in the recording, from 0.
    frames : tuple of bytes
        Files that begin like a JPEG; nothing more is certain about them.
    is_last : bool
        Whether the recording ends with these frames.
    """

    recording: str
    first: int
    frames: tuple[bytes, ...]
    is_last: bool


def parse_message(value: object) -> FrameMessage | None:
    """Check what a browser sent, which may be anything.

    Returns
    -------
    FrameMessage or None
        None if it has other fields, types or sizes than the camera's script sends.
    """
    match value:
        case {
            "recording": str(recording),
            "first": int(first),
            "frames": [*encoded],
            "is_last": bool(is_last),
        } if len(recording) <= _MAX_ID and len(encoded) <= MAX_FRAMES_AT_ONCE:
            frames = [decode_frame(frame) for frame in encoded]
            whole = tuple(frame for frame in frames if frame is not None)
            if len(whole) == len(encoded):
                return FrameMessage(recording, first, whole, is_last)
    return None


def decode_frame(encoded: object) -> bytes | None:
    """Return the bytes of a JPEG in base64, or None if it is something else or too large."""
    if not isinstance(encoded, str) or len(encoded) > _MAX_BASE64:
        return None
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if data.startswith(_JPEG_MAGIC) else None
