"""Name the frames of a camera recording, and recognise them by these names."""

from __future__ import annotations

import re
from datetime import datetime

_FRAMES_PER_PART = 4
_NAME = re.compile(r"(camera \d{4}-\d\d-\d\d \d\d-\d\d-\d\d) part \d+_nohash_")


def name_frame(started: datetime, number: int) -> str:
    """Return the file name of a frame.

    Neighbouring frames are nearly the same picture and belong on one side of the split, as files
    with one name up to `_nohash_` do. They are joined by half a second: if a whole recording
    had one name, a class recorded in one go would leave no pictures to validate and test with.

    Parameters
    ----------
    started : datetime
        When the recording began.
    number : int
        The number of the frame, from 0; there are 8 per second.
    """
    part = number // _FRAMES_PER_PART + 1
    return f"camera {started:%Y-%m-%d %H-%M-%S} part {part}_nohash_{number + 1:03}.jpg"


def find_recording(file_name: str) -> str | None:
    """Return what identifies the recording of a frame, or None for any other picture."""
    found = _NAME.match(file_name)
    return found[1] if found else None
