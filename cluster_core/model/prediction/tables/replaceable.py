"""Refuse to replace a picture, an archive or an input of a command by a table."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from cluster_core.data.archives.reading import is_archive
from cluster_core.errors import ConfigError
from cluster_core.images import has_image_suffix

_HEAD_BYTES = 1024
_PARQUET_MAGIC = b"PAR1"


def require_replaceable(output: Path | None, inputs: Iterable[Path]) -> None:
    """Raise a ConfigError if a table would replace what is not a table.

    Parameters
    ----------
    output : Path or None
        The file to write; None for standard output.
    inputs : iterable of Path
        Files that the command reads; they need not exist.

    Raises
    ------
    ConfigError
        The file exists, and is one of the inputs, has the ending of a picture or of an archive, or
        its content is neither text nor Parquet.
    """
    if output is None or not output.is_file():
        return
    is_input = any(_is_same(output, path) for path in inputs)
    if is_input or not _is_table(output):
        reason = "is one of the files to read" if is_input else "is not a table"
        raise ConfigError(
            f"{output} {reason} and would be replaced: choose another --output file.",
            field="output",
            received=str(output),
            allowed="a new file or a table",
        )


def _is_same(output: Path, path: Path) -> bool:
    try:
        return output.samefile(path)
    except (OSError, ValueError):
        return False


def _is_table(path: Path) -> bool:
    if has_image_suffix(path) or is_archive(path):
        return False
    with suppress(OSError), path.open("rb") as file:  # writing it fails with a sentence
        head = file.read(_HEAD_BYTES)
        return b"\0" not in head or head.startswith(_PARQUET_MAGIC)
    return True
