"""Keep by content where pictures are in the sky, so that none is solved twice."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from typing import Any

from cluster_core.sky_names.catalogue import CATALOGUE_FILE
from cluster_core.sky_names.file_names import get_key
from cluster_core.sky_names.identification import (
    Identification,
    Source,
    identify,
    identify_position,
    solve,
)
from cluster_core.sky_names.position import SkyPosition
from cluster_core.sky_names.solving import Solver, explain_missing_solver, find_solver
from cluster_core.sky_names.solving.solver import NOT_IN_TIME, NOT_RECOGNISED
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.checksums import seal, unseal
from cluster_core.workspace import Workspace

VERSION = 2  # to be raised when a header or a solver's result would be read otherwise

_CREATE = """CREATE TABLE IF NOT EXISTS sky_identities (
    sha256 TEXT, asked TEXT, version INTEGER, record BLOB,
    PRIMARY KEY (version, sha256, asked)) WITHOUT ROWID"""
_INSERT = "INSERT OR REPLACE INTO sky_identities VALUES (?, ?, ?, ?)"
_SELECT = """SELECT sha256, asked, record FROM sky_identities
    WHERE version = ? AND sha256 IN ({keys})"""
# Of a header, object: key; of a solver, position or null, problem, and its time if that ran out.
_Record = dict[str, Any]


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
            if solver is None and found.source is None:
                return found.add_solution(Identification(problem=explain_missing_solver()))
            return found

        yield identify_file


class IdentityCache:
    """Cache of what pictures show, keyed by the SHA-256 of the file.

    What a file's name says is not kept, because the name is not part of the content. A picture
    that was not recognised is tried again with another solver, version or set of star charts, and
    one that was not recognised in time also with more time.

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
        return self._solve(data, name, solver, known)

    def locate(self, data: bytes, name: str, solver: Solver | None) -> Identification:
        """Say which objects a picture shows, by its stars unless its header has coordinates.

        Unlike for `identify`, an object or a place that the header names is not enough, and a
        search that ran out of time is made again.
        """
        known = identify(data, name, None)
        if known.position is not None or solver is None:
            return known
        return self._solve(data, name, solver, known, is_retried=True)

    def recall(self, data: bytes) -> Identification | None:
        """Return what the stars of a picture said before, or None."""
        return _find_solved(self._load([hashlib.sha256(data).hexdigest()]))

    def _solve(
        self,
        data: bytes,
        name: str,
        solver: Solver,
        known: Identification,
        *,
        is_retried: bool = False,
    ) -> Identification:
        sha256 = hashlib.sha256(data).hexdigest()
        loaded = self._load([sha256])
        if solved := _find_solved(loaded):
            return known.add_solution(solved)
        failed = loaded.get(sha256, {}).get(solver.identity)
        if failed and not (_is_out_of_time(failed) and (is_retried or _has_more(solver, failed))):
            return known.add_solution(Identification(problem=failed["problem"]))
        found = solve(data, name, solver)
        # Not what a stop, a crash or a broken installation prevented.
        if found.position is not None or found.problem in {NOT_RECOGNISED, NOT_IN_TIME}:
            position = found.position and astuple(found.position)
            record: _Record = {"position": position, "problem": found.problem}
            if _is_out_of_time(record):
                record["time_limit_s"] = solver.limits.time_limit_s
            self._save([(sha256, solver.identity, record)])
        return known.add_solution(found)

    def load_headers(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Return the main object of pictures by their headers, as far as those were read.

        Parameters
        ----------
        sha256s : sequence of str

        Returns
        -------
        mapping of str to str
            By SHA-256, the object's key as in `find_objects`, or "" if the header names none.
        """
        asked = _name_header()
        return {
            sha256: records[asked]["object"]
            for sha256, records in self._load(sha256s).items()
            if asked in records
        }

    def save_headers(self, found: Iterable[tuple[str, Identification]]) -> None:
        """Store what the headers of pictures say, each with the SHA-256 of its file."""
        asked = _name_header()
        self._save((sha256, asked, {"object": _get_key(each)}) for sha256, each in found)

    def load_solved(self, sha256s: Sequence[str]) -> Mapping[str, str]:
        """Return the main object of pictures that were solved before, whatever their headers say.

        Parameters
        ----------
        sha256s : sequence of str

        Returns
        -------
        mapping of str to str
            By SHA-256, the object's key as in `find_objects`.
        """
        solved = {
            sha256: identify_position(_to_position(record), Source.PLATE_SOLVING)
            for sha256, records in self._load(sha256s).items()
            for record in records.values()
            if record.get("position")
        }
        return {sha256: key for sha256, each in solved.items() if (key := _get_key(each))}

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


@functools.cache
def _name_header() -> str:
    """Return what a header's object is kept by: another catalogue may name another one."""
    return f"header {hashlib.sha256(CATALOGUE_FILE.read_bytes()).hexdigest()[:16]}"


def _find_solved(loaded: Mapping[str, Mapping[str, _Record]]) -> Identification | None:
    for records in loaded.values():
        for record in records.values():
            if record.get("position"):
                return identify_position(_to_position(record), Source.PLATE_SOLVING)
    return None


def _is_out_of_time(record: _Record) -> bool:
    return bool(record["problem"] == NOT_IN_TIME)


def _has_more(solver: Solver, record: _Record) -> bool:
    """Return whether a solver has more time than in an earlier search."""
    return bool(solver.limits.time_limit_s > record["time_limit_s"])


def _get_key(found: Identification) -> str:
    return get_key(found.main.object) if found.main else ""


def _to_position(record: _Record) -> SkyPosition:
    ra_deg, dec_deg, ((xx, xy), (yx, yy)), width, height = record["position"]
    return SkyPosition(ra_deg, dec_deg, ((xx, xy), (yx, yy)), width, height)
