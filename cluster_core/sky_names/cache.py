"""Keep by content where pictures are in the sky, so that none is solved twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, replace
from typing import Any

from cluster_core.sky_names.file_names import get_key
from cluster_core.sky_names.identification import (
    Identification,
    Source,
    identify,
    identify_position,
)
from cluster_core.sky_names.position import SkyPosition
from cluster_core.sky_names.solving import HOW_TO_GET_A_SOLVER, Solver, find_solver
from cluster_core.sky_names.solving.solver import NOT_RECOGNISED
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.workspace import Workspace

VERSION = 1  # to be raised when a header or a solver's result would be read otherwise

_CREATE = """CREATE TABLE IF NOT EXISTS sky_identities (
    sha256 TEXT, asked TEXT, version INTEGER, record BLOB,
    PRIMARY KEY (version, sha256, asked)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO sky_identities VALUES (?, ?, ?, ?)"
_SELECT = """SELECT sha256, asked, record FROM sky_identities
    WHERE version = ? AND sha256 IN ({keys})"""
_HEADER = "header"
_Record = dict[str, Any]  # position: fields of a SkyPosition or null; object: key; problem


@contextmanager
def identifying(
    workspace: Workspace, solver: Solver | None = None
) -> Iterator[Callable[[bytes, str], Identification]]:
    """Open a workspace's cache to identify pictures.

    Parameters
    ----------
    workspace : Workspace
    solver : Solver, optional
        What recognises the stars; the installed one by default.

    Yields
    ------
    callable
        Takes the content and the name of a file, from any thread; see `identify`.

    Raises
    ------
    RunError
        The cache cannot be used.
    """
    solver = solver or find_solver()
    with CacheFile(workspace.bottlenecks) as file:
        cache = IdentityCache(file)

        def identify_file(data: bytes, name: str) -> Identification:
            found = cache.identify(data, name, solver)
            if solver is None and found.source is None and found.problem is None:
                return replace(found, problem=HOW_TO_GET_A_SOLVER)
            return found

        yield identify_file


class IdentityCache:
    """Cache of what pictures show, keyed by the SHA-256 of the file.

    What a file's name says is not kept, because the name is not part of the content. A picture
    that one solver did not solve is left to another.

    Parameters
    ----------
    file : CacheFile
        Where the identities are stored.

    Raises
    ------
    RunError
        The cache file cannot be written. The methods raise it if it cannot be
        read or written.
    """

    def __init__(self, file: CacheFile) -> None:
        self._file = file
        file.create_table(_CREATE)

    def identify(self, data: bytes, name: str, solver: Solver | None) -> Identification:
        """Say which objects a picture shows, as `identify`, but let no solver see it twice."""
        known = identify(data, name, None)
        if known.source is not None or solver is None:
            return known
        sha256, asked = hashlib.sha256(data).hexdigest(), type(solver).__name__
        remembered = self._load([sha256]).get(sha256, {})
        for by, record in remembered.items():
            if record["position"]:
                return identify_position(_to_position(record), Source.PLATE_SOLVING)
            if by == asked:
                return replace(known, problem=record["problem"])
        found = identify(data, name, solver)
        # Not what a stop, a busy computer or a broken installation prevented.
        if found.position is not None or found.problem == NOT_RECOGNISED:
            self._save([(sha256, asked, _to_record(found))])
        return found

    def load_objects(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Return the main object of pictures whose header was read or that were solved.

        Parameters
        ----------
        sha256s : sequence of str

        Returns
        -------
        mapping of str to str
            By SHA-256, the object's key as in `find_objects`, or "" if none is known. Pictures
            that were never looked at are missing.
        """
        return {
            sha256: next((record["object"] for record in records.values() if record["object"]), "")
            for sha256, records in self._load(sha256s).items()
        }

    def save_headers(self, found: Iterable[tuple[str, Identification]]) -> None:
        """Store what the headers of pictures say, each with the SHA-256 of its file."""
        self._save((sha256, _HEADER, _to_record(each)) for sha256, each in found)

    def _save(self, rows: Iterable[tuple[str, str, _Record]]) -> None:
        self._file.write_many(
            _INSERT,
            (
                (
                    sha256,
                    asked,
                    VERSION,
                    seal(json.dumps(record).encode(), sha256, asked, VERSION),
                )
                for sha256, asked, record in rows
            ),
        )

    def _load(self, sha256s: Sequence[str]) -> dict[str, dict[str, _Record]]:
        found: dict[str, dict[str, _Record]] = {}
        for sha256, asked, sealed in self._file.read_in(_SELECT, sha256s, VERSION):
            record = unseal(sealed, sha256, asked, VERSION)
            if record is not None:  # a damaged entry is made again
                found.setdefault(sha256, {})[asked] = json.loads(record)
        return found


def _to_record(found: Identification) -> _Record:
    return {
        "position": found.position and astuple(found.position),
        "object": get_key(found.main.object) if found.main else "",
        "problem": found.problem,
    }


def _to_position(record: _Record) -> SkyPosition:
    ra_deg, dec_deg, ((xx, xy), (yx, yy)), width, height = record["position"]
    return SkyPosition(ra_deg, dec_deg, ((xx, xy), (yx, yy)), width, height)
