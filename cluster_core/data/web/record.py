"""Which address each downloaded picture came from, so that no picture is fetched twice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


class DownloadRecord:
    """A file with one line a picture, written as pictures arrive.

    Parameters
    ----------
    path : Path
        The file, which need not exist.
    folder : Path
        Where the pictures lie.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self._path = path
        self._folder = folder
        self._names = dict(self._read())

    def __contains__(self, address: str) -> bool:
        """Tell whether the picture of an address is in the folder still."""
        name = self._names.get(address)
        return name is not None and (self._folder / name).is_file()

    def add(self, address: str, picture: Path) -> None:
        """Note that the picture of an address is in the folder.

        Raises
        ------
        OSError
            It cannot be written.
        """
        self._names[address] = picture.name
        line = json.dumps({"address": address, "file": picture.name})
        # A line that a crash cut off must not swallow the next one, so each begins anew.
        with self._path.open("a", encoding="ascii") as file:
            file.write(f"\n{line}")

    def _read(self) -> Iterator[tuple[str, str]]:
        """Yield what can be believed of the file."""
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
