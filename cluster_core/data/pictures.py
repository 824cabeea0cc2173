"""The pictures of a dataset, and the files that are none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cluster_core.images import describe_loss


@dataclass(frozen=True)
class Picture:
    """A readable picture of a dataset.

    Attributes
    ----------
    path : Path
        The file.
    label : str
        Name of its class folder.
    sha256 : str
        Hexadecimal hash of the file.
    width_px, height_px : int
        Size after applying the EXIF orientation.
    fingerprint : bytes
        Its fine structure, to recognise copies; see `compute_fingerprint`.
    loss : float
        Share of the picture that is missing because the file is cut off or damaged, 0 to 0.25.
    groups : tuple of str
        Groups that `groups.csv` or a person put it in; see `find_declared_groups`.
    sky_object : str
        The object in the sky that it shows by its header, whatever its name; empty if unknown. See
        `find_sky_objects`.
    copies : tuple of str or None
        SHA-256 of the pictures of the dataset that are copies of it; None if nobody has looked.
    n_bytes : int
        Size of the file.
    """

    path: Path
    label: str
    sha256: str
    width_px: int
    height_px: int
    fingerprint: bytes
    loss: float = 0.0
    groups: tuple[str, ...] = ()
    copies: tuple[str, ...] | None = None
    n_bytes: int = 0
    sky_object: str = ""

    @property
    def warning(self) -> str:
        """A sentence that says how much of the picture is missing; empty if nothing is."""
        return describe_loss(self.path.name, [self.loss] if self.loss else [])


@dataclass(frozen=True)
class RejectedFile:
    """A file in a class folder that cannot be used.

    Attributes
    ----------
    path : Path
        The file.
    label : str
        Name of its class.
    reason : str
        What is wrong with it, as a sentence.
    is_present : bool
        Whether nothing is wrong, but the class has the same picture already.
    """

    path: Path
    label: str
    reason: str
    is_present: bool = False


def natural_order(name: str) -> list[int | str]:
    """Return a sort key that orders numbers in names by value: 2 before 10."""
    # Text and numbers alternate. Python refuses to read a number of thousands of digits.
    pieces = re.split(r"(\d{1,99})", name.lower())
    return [int(piece) if number % 2 else piece for number, piece in enumerate(pieces)]


def describe_suffix(path: Path) -> str:
    """Say how a file name ends, for messages about files that are not pictures."""
    return f"its name ends with {path.suffix}" if path.suffix else "its name has no ending"
