"""What a search for clusters found in a picture of a room, kept with the picture."""

from __future__ import annotations

import io
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cluster_core.answers.picture_files import FIELDS
from cluster_core.answers.room import AnswerRoom
from cluster_core.storage.drafts import replacing
from cluster_core.storage.saved_values import MALFORMED_ERRORS, check_shown_text

_RECORD, _DRAWN, _TABLE = "found.json", "drawn.jpg", "clusters.csv"
_MAX_BYTES, _MAX_KEPT = 20_000_000, 10
# RuntimeError: an entry that is encrypted, or of an unknown kind.
_DAMAGED = (OSError, EOFError, zipfile.BadZipFile, RuntimeError, *MALFORMED_ERRORS)


@dataclass(frozen=True)
class FoundCluster:
    """A cut-out, ready to show.

    Attributes
    ----------
    name, answer : str
        What it is called, and what the model and the catalogue say of it.
    picture : bytes
        A JPEG.
    """

    name: str
    answer: str
    picture: bytes


@dataclass(frozen=True)
class FoundField:
    """What was found in a picture, ready to show.

    Attributes
    ----------
    name : str
        Name of the picture's file.
    drawn : bytes
        The picture with boxes, a JPEG.
    clusters : tuple of FoundCluster
    table : bytes
        The CSV of `python -m cluster_core find`.
    by_catalogue : bool
        Whether the catalogue said where clusters are.
    problem : str or None
        Why the position of the picture is not known.
    """

    name: str
    drawn: bytes
    clusters: tuple[FoundCluster, ...]
    table: bytes
    by_catalogue: bool
    problem: str | None


def save_field_result(room: AnswerRoom, number: int, model: str, found: FoundField) -> None:
    """Keep what a model found in a picture, in place of the oldest if there is much.

    It is not kept if it is too large, the room is full, the picture was removed, or the disk
    fails: the search can be repeated.

    Parameters
    ----------
    room : AnswerRoom
    number : int
        Of the picture.
    model : str
        Hash of the model's manifest.
    found : FoundField
    """
    data = _pack(found)
    path = _name_file(room, number, model)
    # Asked of the disk, because a search runs in its own thread, and the room is used by another.
    if len(data) > _MAX_BYTES or not room.find_file(number).exists():
        return
    with suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        others = [one for one in path.parent.glob("*.zip") if one != path]
        others.sort(key=os.path.getmtime, reverse=True)
        n_bytes = len(data)
        for position, other in enumerate(others, start=1):
            n_bytes += other.stat().st_size
            if position >= _MAX_KEPT or n_bytes > room.n_bytes_left:
                other.unlink(missing_ok=True)
        if len(data) <= room.n_bytes_left:
            with replacing(path) as draft:
                draft.write_bytes(data)


def load_field_result(room: AnswerRoom, number: int, model: str) -> FoundField | None:
    """Return what a model found in a picture, or None if nothing sound is kept."""
    path = _name_file(room, number, model)
    with suppress(*_DAMAGED):
        if path.stat().st_size <= _MAX_BYTES:
            return _unpack(path)
    return None


def _name_file(room: AnswerRoom, number: int, model: str) -> Path:
    return room.folder / FIELDS / f"{number}-{model}.zip"


def _pack(found: FoundField) -> bytes:
    record = {
        "name": found.name,
        "clusters": [[one.name, one.answer] for one in found.clusters],
        "by_catalogue": found.by_catalogue,
        "problem": found.problem,
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_RECORD, json.dumps(record))
        archive.writestr(_DRAWN, found.drawn)
        archive.writestr(_TABLE, found.table)
        for number, cluster in enumerate(found.clusters):
            archive.writestr(f"{number}.jpg", cluster.picture)
    return file.getvalue()


def _unpack(path: Path) -> FoundField:
    with zipfile.ZipFile(path) as archive:
        if any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist()):
            raise ValueError("files that are not compressed were expected")
        record = json.loads(archive.read(_RECORD))
        clusters = tuple(
            FoundCluster(
                check_shown_text(name), check_shown_text(answer), archive.read(f"{number}.jpg")
            )
            for number, (name, answer) in enumerate(record["clusters"])
        )
        problem = record["problem"]
        return FoundField(
            check_shown_text(record["name"]),
            archive.read(_DRAWN),
            clusters,
            archive.read(_TABLE),
            bool(record["by_catalogue"]),
            None if problem is None else check_shown_text(problem),
        )
