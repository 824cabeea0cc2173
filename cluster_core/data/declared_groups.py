"""Which pictures show one object, as `groups.csv` and visitors say."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cluster_core.access import Access
from cluster_core.data.hidden_records import change_record, load_record
from cluster_core.errors import DatasetError

GROUPS_FILE = "groups.csv"
SAME_OBJECTS = ".same_objects.json"
MAX_BYTES = 20_000_000
MAX_LINES = 200_000
_COLUMNS = ("file", "group")
_DELIMITERS = ",;\t"
_SHA256 = re.compile("[0-9a-f]{64}")
_EXAMPLE = "for example: file,group"
_Groups = tuple[frozenset[str], ...]
_Edit = Callable[[_Groups], _Groups]


@dataclass(frozen=True)
class GroupLine:
    """A line of `groups.csv`.

    Attributes
    ----------
    line : int
        Its number in the file, from 1.
    file : str
        `class/name.jpg`, or the name alone, which stands for files of that name in any class.
    group : str
        What all pictures of the group have in common, such as the name of an object.
    """

    line: int
    file: str
    group: str


def read_groups_file(image_dir: Path) -> tuple[GroupLine, ...]:
    """Read the `groups.csv` of a dataset.

    Parameters
    ----------
    image_dir : Path
        The dataset's folder.

    Returns
    -------
    tuple of GroupLine
        Empty if there is no such file.

    Raises
    ------
    DatasetError
        The file cannot be read, is too large, is not UTF-8, or a line is not valid; the message
        names the line.
    """
    path = image_dir / GROUPS_FILE
    if not path.is_file():
        return ()
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _make_error(path, f"is larger than {MAX_BYTES // 1_000_000} MB")
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _make_error(path, "is not in UTF-8, which spreadsheets call CSV UTF-8") from error
    except OSError as error:
        raise _make_error(path, f"could not be read ({error.strerror})") from error
    header = text.partition("\n")[0]
    delimiter = next((one for one in _DELIMITERS if one in header), ",")
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[GroupLine] = []
    try:
        names = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if missing := [name for name in _COLUMNS if name not in names]:
            what = f"must name the columns file and group, but {missing[0]} is missing"
            raise _make_error(path, f"{what} ({_EXAMPLE})", 1)
        for row in reader:
            if len(found) == MAX_LINES:
                raise _make_error(path, f"has more than {MAX_LINES:,} lines")
            found.append(_check_row(path, reader.line_num, row))
    except csv.Error as error:
        raise _make_error(path, f"cannot be read ({error})", reader.reader.line_num) from error
    return tuple(line for line in found if line.file)


def _check_row(path: Path, number: int, row: Mapping[str | None, str | list[str]]) -> GroupLine:
    if None in row:
        raise _make_error(path, "has more values than columns", number)
    file, group = ((row[name] or "") for name in _COLUMNS)
    assert isinstance(file, str)
    assert isinstance(group, str)
    file, group = file.strip().replace("\\", "/").removeprefix("./"), group.strip()
    if bool(file) != bool(group):
        raise _make_error(path, f"has no {'group' if file else 'file'}", number)
    return GroupLine(number, file, group)


def _make_error(path: Path, problem: str, line: int | None = None) -> DatasetError:
    subject = f"{GROUPS_FILE}, line {line}," if line else GROUPS_FILE
    return DatasetError(f"{subject} {problem}: correct {path}, or remove it.", path=path.parent)


def find_declared_groups(
    lines: Sequence[GroupLine],
    same_objects: Sequence[frozenset[str]],
    pictures: Sequence[tuple[str, str, str]],
) -> tuple[list[tuple[str, ...]], str | None]:
    """Find the groups of each picture.

    Parameters
    ----------
    lines : sequence of GroupLine
        Content of `groups.csv`.
    same_objects : sequence of frozenset of str
        See `load_same_objects`.
    pictures : sequence of (str, str, str)
        Class, file name and SHA-256 of each picture of the dataset.

    Returns
    -------
    groups : list of tuple of str
        The groups of each picture, mostly none.
    note : str or None
        A sentence about files that are named but not there.
    """
    if not lines and not same_objects:
        return [()] * len(pictures), None
    groups_of: dict[str, dict[str, None]] = defaultdict(dict)  # by file or SHA-256
    for line in lines:
        groups_of[line.file][f"{GROUPS_FILE}: {line.group}"] = None
    for members in same_objects:
        for sha256 in members:
            groups_of[sha256][f"marked: {min(members)}"] = None
    groups = []
    named: set[str] = set()
    for label, name, sha256 in pictures:
        keys = [key for key in (name, f"{label}/{name}", sha256) if key in groups_of]
        named.update(keys)
        groups.append(tuple(dict.fromkeys(group for key in keys for group in groups_of[key])))
    unknown = [line for line in lines if line.file not in named]
    if not unknown:
        return groups, None
    first = f"{unknown[0].file} (line {unknown[0].line})"
    noun = (
        "1 file that is not a picture"
        if len(unknown) == 1
        else (f"{len(unknown):,} files that are not pictures")
    )
    return groups, f"{GROUPS_FILE} names {noun} of this dataset, for example {first}."


def load_same_objects(image_dir: Path) -> tuple[frozenset[str], ...]:
    """Return the groups of pictures that a person said show one object, by their SHA-256.

    A missing or damaged record counts as empty.
    """
    record = load_record(image_dir / SAME_OBJECTS)
    if not isinstance(record, list):
        return ()
    return tuple(
        frozenset(members)
        for members in record
        if isinstance(members, list)
        and all(isinstance(one, str) and _SHA256.fullmatch(one) for one in members)
    )


def mark_same_object(access: Access, image_dir: Path, sha256s: Sequence[str]) -> None:
    """Record that pictures show one object: they will never be on two sides of a split.

    Parameters
    ----------
    access : Access
    image_dir : Path
        The dataset's folder.
    sha256s : sequence of str
        Hashes of the pictures' files, so that the record holds when a picture is moved.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    DatasetError
        The record cannot be written.
    """
    new = frozenset(sha256s)
    _change(access, image_dir, lambda known: (*(one for one in known if one != new), new))


def unmark_same_object(access: Access, image_dir: Path, sha256s: Sequence[str]) -> None:
    """Take back what `mark_same_object` recorded; raises as it does."""
    old = frozenset(sha256s)
    _change(access, image_dir, lambda known: tuple(one for one in known if one != old))


def _change(access: Access, image_dir: Path, edit: _Edit) -> None:
    change_record(
        access,
        image_dir / SAME_OBJECTS,
        lambda: sorted(sorted(one) for one in edit(load_same_objects(image_dir))),
        "The pictures could not be marked as one object",
    )
