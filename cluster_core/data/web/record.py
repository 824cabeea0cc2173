"""Record the address of each downloaded picture, so that none is downloaded twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


class DownloadRecord:
    """A file with one JSON line per picture, written as pictures arrive.

    Parameters
    ----------
    path : Path
        The file, which need not exist. Invalid lines are ignored.
    folder : Path
        Folder of the pictures.

    Raises
    ------
    OSError
        The file exists but cannot be read.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._names = dict(self._read())

    def __contains__(self, address: str) -> bool:
        """Tell whether the picture of an address is still in the folder."""
        name = self._names.get(address)
        return name is not None and (self._folder / name).is_file()

    def add(self, address: str, picture: Path) -> None:
        """Record the picture of an address.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        self._names[address] = picture.name
        line = json.dumps({"address": address, "file": picture.name})
        # Each entry starts a new line, so that one truncated by a crash cannot damage the next.
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"\n{line}")

    def _read(self) -> Iterator[tuple[str, str]]:
        """Yield the address and file name of every valid line."""
        try:
            lines = self._path.read_text("ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                entry = json.loads(line)
                address, name = str(entry["address"]), str(entry["file"])
            except (ValueError, TypeError, LookupError, RecursionError):
                continue
            if Path(name).name == name and "\0" not in name:
                yield address, name
