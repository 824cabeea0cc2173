"""A picture to label, wherever it is."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import read_bytes


@dataclass(frozen=True)
class PictureSource:
    """A picture that has not been read yet.

    Attributes
    ----------
    name : str
        What a table calls it: its path, `night.zip/m13.fits` in an archive, or its address.
    read : callable
        Returns the content of the file, or raises an ImageError, whose sentence is then the
        problem in its row.
    path : Path or None
        The file, if it is one of this computer.
    """

    name: str
    read: Callable[[], bytes]
    path: Path | None = None

    @classmethod
    def of_file(cls, path: Path) -> PictureSource:
        """Return the source of a file."""
        return cls(str(path), functools.partial(read_bytes, path), path)

    @classmethod
    def of_problem(cls, name: str, problem: str) -> PictureSource:
        """Return a source that cannot be read, such as a folder without permission."""
        return cls(name, functools.partial(_refuse, name, problem))

    def with_content(self) -> PictureSource:
        """Read the picture, and return a source that works on other computers, too."""
        try:
            return replace(self, read=functools.partial(bytes, self.read()))
        except ImageError as error:
            return replace(self, read=functools.partial(_refuse, self.name, str(error)))

    @property
    def file_name(self) -> str:
        """The name without folders, for messages."""
        return self.path.name if self.path else self.name.rstrip("/").rpartition("/")[2]


def _refuse(name: str, problem: str) -> NoReturn:
    raise ImageError(problem, path=name, reason=ImageProblem.UNREADABLE)
