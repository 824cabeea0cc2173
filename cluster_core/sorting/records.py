"""What the log of a sorted folder says about a file, read from lines that may be damaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from cluster_core.storage.saved_values import check_count, check_inner_path, check_text


class Transfer(StrEnum):
    """How a file gets into its folder; the values are saved."""

    COPY = "copy"
    LINK = "link"
    MOVE = "move"


class Stage(StrEnum):
    """How far the sorting of a file, or its undoing, has got."""

    BEGUN = "begun"
    DONE = "done"
    UNDOING = "undoing"
    OVER = "over"  # undone, or nothing was done


@dataclass(frozen=True)
class FileFacts:
    """What identifies a version of a file.

    Attributes
    ----------
    n_bytes : int
        Its size.
    written_ns : int
        When it was last written, in nanoseconds since 1970.
    sha256 : str
        Hexadecimal hash of its content.
    """

    n_bytes: int
    written_ns: int
    sha256: str


@dataclass(frozen=True)
class SortedFile:
    """A file, where it was, and where it was put.

    Attributes
    ----------
    source : Path
        Where it was: an absolute path.
    place : str
        Where it was put: `folder/name` in the output folder.
    transfer : Transfer
    original : FileFacts
        The file as it was classified.
    verdict : str
        The class, `unsure` or `none of these`.
    sha256 : str
        Hash of what was put there, empty for a link; not that of the original if cards were added.
    inode : int
        Number on its disk of what is put there, which tells it from a file of the same content
        that somebody else puts there; 0 for a link.
    number : int
        Its number in the log, from 1.
    """

    source: Path
    place: str
    transfer: Transfer
    original: FileFacts
    verdict: str
    sha256: str = ""
    inode: int = 0
    number: int = 0

    def to_line(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """Return the line written before the file is put there; `answer` is kept for the table."""
        return {
            "begin": self.number,
            "source": str(self.source),
            "place": self.place,
            "transfer": self.transfer,
            "bytes": self.original.n_bytes,
            "written_ns": self.original.written_ns,
            "original": self.original.sha256,
            "sha256": self.sha256,
            "inode": self.inode,
            "verdict": self.verdict,
            "answer": answer,
        }

    @classmethod
    def of_line(cls, line: Mapping[str, Any]) -> SortedFile:
        """Return the file of a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
        source = Path(check_text(line["source"]))
        if not source.is_absolute() or "\0" in str(source):
            raise ValueError("an absolute path was expected")
        return cls(
            source,
            str(check_inner_path(line["place"])),
            Transfer(line["transfer"]),
            FileFacts(
                check_count(line["bytes"]),
                int(line["written_ns"]),
                check_text(line["original"]),
            ),
            check_text(line["verdict"]),
            check_text(line["sha256"]),
            int(line["inode"]),
            check_count(line["begin"]),
        )


@dataclass
class LogState:
    """What a log says, all lines together.

    Attributes
    ----------
    settings : mapping of str to object
        The first line: the model, its classes, and whether the output folder is new.
    files : dict of int to SortedFile
        By number.
    stages : dict of int to Stage
        By number.
    last_number : int
        The highest number; 0 if there is no file.
    folders : list of str
        Folders that were created, outer ones first.
    tables : dict of str to (set of str)
        Hashes of every version of each table that was written, by file name.
    problems : dict of str to str
        Why files were left where they are, by path.
    n_damaged : int
        Lines that say nothing usable.
    n_cut_bytes : int
        Size of a last line that a killed process wrote in part; 0 if there is none.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    files: dict[int, SortedFile] = field(default_factory=dict)
    stages: dict[int, Stage] = field(default_factory=dict)
    last_number: int = 0
    folders: list[str] = field(default_factory=list)
    tables: dict[str, set[str]] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    n_damaged: int = 0
    n_cut_bytes: int = 0

    def list_files(self, *stages: Stage) -> list[SortedFile]:
        """Return the files at these stages, in the order in which they were sorted."""
        return [file for number, file in self.files.items() if self.stages[number] in stages]

    def add(self, line: Mapping[str, Any]) -> None:
        """Add a line; raise one of `MALFORMED_ERRORS` if it is damaged."""
        if "settings" in line:
            self.settings = {**self.settings, **line["settings"]}
        elif "begin" in line:
            file = SortedFile.of_line(line)
            self.files[file.number] = file
            self.last_number = max(self.last_number, file.number)
            self.stages[file.number] = Stage.BEGUN
            self.problems.pop(str(file.source), None)
        elif "stage" in line:
            if line["number"] in self.files:
                self.stages[line["number"]] = Stage(line["stage"])
        elif "folder" in line:
            self.folders.append(str(check_inner_path(line["folder"])))
        elif "table" in line:
            name = str(check_inner_path(line["table"]))
            self.tables.setdefault(name, set()).add(check_text(line["sha256"]))
        elif "problem" in line:
            self.problems[check_text(line["source"])] = check_text(line["problem"])
