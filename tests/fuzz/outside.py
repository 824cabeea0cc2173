"""Notice every write of this process outside the folder of the case."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# Event of Python's audit log: positions of the paths that it writes to.
_PATHS = {
    "open": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.remove": (0,),
    "os.rmdir": (0,),
    "os.symlink": (1,),
    "os.link": (1,),
    "os.truncate": (0,),
    "shutil.rmtree": (0,),
}


class WriteWatch:
    """Records the paths outside `allowed` that are written to.

    Parameters
    ----------
    allowed : Path
        The scratch folder of the fuzz test.

    Attributes
    ----------
    outside : list of str
        What was written, deleted or renamed elsewhere.
    """

    def __init__(self, allowed: Path) -> None:
        self._allowed = os.path.realpath(allowed)
        self.outside: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _PATHS or (event == "open" and not _is_writing(arguments)):
            return
        for position in _PATHS[event]:
            path = arguments[position]
            if isinstance(path, str | bytes | os.PathLike) and self._is_outside(os.fsdecode(path)):
                self.outside.append(f"{event} {os.fsdecode(path)}")

    def _is_outside(self, path: str) -> bool:
        real = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
        is_ours = real.startswith((self._allowed + os.sep, "/dev/", "/proc/"))
        return not is_ours and "__pycache__" not in real


def _is_writing(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    return any(letter in (mode or "") for letter in "wxa+") or bool((flags or 0) & _WRITING)
