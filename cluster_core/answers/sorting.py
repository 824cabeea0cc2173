"""Pack pictures into a .zip with one folder per answer, piece by piece."""

from __future__ import annotations

import io
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from cluster_core.answers.places import DONT_KNOW, TABLE_NAME, UNUSABLE, SortedPlaces
from cluster_core.answers.room import AnswerRoom
from cluster_core.data.counter_classes import is_counter_name
from cluster_core.model.prediction.prediction import Verdict
from cluster_core.storage.pieces import Pieces

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True)
class SortedPicture:
    """A picture and its place in the archive.

    Attributes
    ----------
    number : int
        Its number in the room.
    path : str
        `folder/name`, safe on every file system and unlike any other, also in capital letters.
    file : Path
        The file to pack.
    """

    number: int
    path: str
    file: Path


def sort_pictures(
    room: AnswerRoom, numbers: Iterable[int], model: str, labels: Sequence[str]
) -> list[SortedPicture]:
    """Find a folder and a name for each picture.

    Parameters
    ----------
    room : AnswerRoom
        The room of the pictures.
    numbers : iterable of int
        The pictures; those that are no longer kept are left out.
    model : str
        Hash of the manifest of the model that answered.
    labels : sequence of str
        Its classes.

    Returns
    -------
    list of SortedPicture
        In folders named by the reviewed class, or else by the answer; `none of these` and
        `unsure` hold such answers, `don't know` what a person could not tell, and `could not be
        used` the rest. A class of such a name gets a number, but a review as `none of these`
        counts as that answer.
    """
    places, found = SortedPlaces(), []
    for number in numbers:
        if number not in room.pictures:
            continue
        label, special = _find_answer(room, number, model, labels)
        folder = special if label is None else places.find_class_folder(label)
        place = places.take(folder, room.pictures[number].name)
        found.append(SortedPicture(number, place, room.find_file(number)))
    return found


def stream_zip(pictures: Iterable[SortedPicture], table: bytes) -> Iterator[bytes]:
    """Yield the bytes of a .zip, of which only a piece is in memory at a time.

    Parameters
    ----------
    pictures : iterable of SortedPicture
    table : bytes
        The CSV that is put first, as `TABLE_NAME`.

    Yields
    ------
    bytes

    Pictures are stored as they are, because their formats are compressed already. One whose
    file has gone is left out. Each is read twice, so that its checksum and size come before it:
    programs that unpack a .zip while it arrives need them there.
    """
    pieces = Pieces()
    with zipfile.ZipFile(pieces, "w", zipfile.ZIP_STORED) as archive:
        info = zipfile.ZipInfo(TABLE_NAME, time.localtime()[:6])
        yield from _pack(archive, info, io.BytesIO(table), pieces)
        for picture in pictures:
            try:
                info = zipfile.ZipInfo.from_file(picture.file, picture.path)
                source = picture.file.open("rb")
            except (OSError, ValueError):  # ValueError: a clock before 1980
                continue
            with source:
                yield from _pack(archive, info, source, pieces)
    yield pieces.take()


def _pack(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, source: BinaryIO, pieces: Pieces
) -> Iterator[bytes]:
    """Add a file to an archive that is written to `pieces`, and yield what was written."""
    out = archive.fp
    assert out
    info.external_attr = 0o644 << 16
    _write_header(out, info, source)
    for piece in _read_pieces(source):
        out.write(piece)
        yield pieces.take()
    archive.filelist.append(info)
    archive.start_dir = out.tell()


def _write_header(out: IO[bytes], info: zipfile.ZipInfo, source: BinaryIO) -> None:
    """Write the header of an entry, as `ZipFile.open` can only in a file that can seek."""
    info.CRC = info.file_size = 0
    for piece in _read_pieces(source):
        info.CRC = zlib.crc32(piece, info.CRC)
        info.file_size += len(piece)
    info.compress_size = info.file_size
    info.header_offset = out.tell()
    out.write(info.FileHeader())


def _read_pieces(source: BinaryIO) -> Iterator[bytes]:
    source.seek(0)
    while piece := source.read(_PIECE_BYTES):
        yield piece


def _find_answer(
    room: AnswerRoom, number: int, model: str, labels: Sequence[str]
) -> tuple[str | None, str]:
    """Return the class of a picture, or None and the name of the folder for what has none."""
    if review := room.reviews.get(number):
        if review.label is not None and is_counter_name(review.label):
            return None, Verdict.NONE_OF_THESE.value
        return review.label, DONT_KNOW
    answer = room.find_answer(number, model, labels)
    if answer is None or answer.prediction is None:
        return None, UNUSABLE
    kind = answer.prediction.verdict
    return (answer.prediction.label, "") if kind is Verdict.LABEL else (None, kind.value)
