"""The `find` command: find the clusters in large pictures of the sky."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import click

from cluster_core.console import EXIT_ERROR, PATH, ProgressLine, plain_exits
from cluster_core.errors import ClusterError, RunError
from cluster_core.images import read_bytes
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky_names.solving import find_solver
from cluster_core.storage.drafts import drafting
from cluster_core.storage.exclusive_rename import rename_exclusively
from cluster_core.wide_fields import (
    FIELD_LIMITS,
    TABLE_NAME,
    FieldSearch,
    locate_field,
    make_records,
    read_field,
    write_cut_outs,
    write_table,
)
from cluster_core.workspace import Workspace

Record = dict[str, object]


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=PATH, metavar="PICTURE...")
@click.option(
    "--output",
    type=PATH,
    help="New folder for the table, each cluster as a picture, and each PICTURE with boxes.",
)
@click.option(
    "--graph",
    type=PATH,
    help="Model folder.  [default: the model chosen in the app, else the newest model]",
)
@click.option(
    "--search",
    is_flag=True,
    help="Search for clusters even where the catalogue says where they are.",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per picture, not CSV.")
@plain_exits("Nothing was written to the --output folder.")
def main(
    pictures: tuple[Path, ...], output: Path | None, graph: Path | None, search: bool, as_json: bool
) -> None:
    """Find the clusters in large pictures of the sky, and label each.

    Where the position of a PICTURE in the sky is known, from its header or by its stars, these are
    the clusters of the catalogue; elsewhere, parts of the PICTURE that look like clusters.
    """
    _check_folder(output)
    workspace = Workspace.default()
    finder = _Finder(Predictor(choose_bundle(graph, workspace), workspace), by_catalogue=not search)
    records: list[Record] = []
    n_read = 0
    with _creating(output) if output is not None else nullcontext() as folder:
        for number, picture in enumerate(pictures, start=1):
            part = f"{number:03} {picture.stem}" if len(pictures) > 1 else ""
            try:
                found = finder.find(picture, folder, part)
            except ClusterError as error:
                if len(pictures) == 1:
                    raise
                click.echo(f"Error: {error}", err=True)
                records.append({"picture": picture.name, "problem": str(error)})
                answer: Record = {"clusters": [], "problem": str(error)}
            else:
                n_read += 1
                records += found
                answer = {"clusters": found}
            if as_json:
                click.echo(json.dumps({"picture": str(picture), **answer}))
        if not n_read:
            raise RunError("None of the pictures could be used: see the reasons above.")
        if folder is not None:
            with (folder / TABLE_NAME).open("w", encoding="utf-8", newline="") as stream:
                write_table(stream, records)
    if not as_json:
        write_table(sys.stdout, records)
    if n_read < len(pictures):
        sys.exit(EXIT_ERROR)


class _Finder:
    """Finds the clusters of one picture after the other, with progress on standard error."""

    def __init__(self, predictor: Predictor, *, by_catalogue: bool) -> None:
        self._predictor = predictor
        self._by_catalogue = by_catalogue
        self._solver = find_solver() if by_catalogue else None
        self._progress = ProgressLine()

    def find(self, picture: Path, folder: Path | None, part: str) -> Sequence[Record]:
        """Return rows of the table, and write the cut-outs below the folder, if there is one."""
        if picture.is_dir():
            raise RunError(
                f"{picture} is a folder: name its picture files, for example {picture}/*.fits."
            )
        data = read_bytes(picture, FIELD_LIMITS)
        field = read_field(data, picture.name, self._predictor.bundle.preprocessing)
        field, problem = locate_field(field, data, self._solver)
        del data  # it may be hundreds of megabytes
        search = FieldSearch(self._predictor, field, by_catalogue=self._by_catalogue)
        clusters = search.run(
            lambda done, total: self._progress.show(f"Searching {picture.name}", done, total)
        )
        self._progress.clear()
        cut_outs: Sequence[str] = ()
        if folder is not None:
            target = folder / part if part else folder
            target.mkdir(exist_ok=True)
            cut_outs = [str(Path(part) / name) for name in write_cut_outs(target, field, clusters)]
        how = "in the catalogue" if search.by_catalogue else "found by searching"
        noun = "1 cluster" if len(clusters) == 1 else f"{len(clusters) or 'no'} clusters"
        said = f" {problem}" if problem and not search.by_catalogue else ""
        click.echo(f"{picture.name}: {noun} {how}.{said}", err=True)
        return [dict(record) for record in make_records(field, clusters, cut_outs)]


def _check_folder(output: Path | None) -> None:
    if output and output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise _make_taken(output)


@contextmanager
def _creating(output: Path) -> Iterator[Path]:
    """Yield a draft of a folder that does not exist or is empty, also at the end."""
    target = Path(os.path.realpath(output))
    target.parent.mkdir(parents=True, exist_ok=True)
    with drafting(target) as draft:
        draft.mkdir()
        yield draft
        with suppress(OSError):  # it does not exist, or another command has filled it
            target.rmdir()
        try:
            rename_exclusively(draft, target)
        except FileExistsError as error:
            raise _make_taken(output) from error


def _make_taken(output: Path) -> RunError:
    return RunError(f"{output} exists already: choose a new folder for --output.")
