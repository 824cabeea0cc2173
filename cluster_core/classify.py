"""The `classify` command: label many pictures and write a table."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.errors import RunError
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.batch import FilePrediction, classify_files, find_picture_files
from cluster_core.model.prediction.csv import write_predictions_csv
from cluster_core.model.prediction.json import format_json
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.workspace import Workspace, replacing

SKIPPED_FILES_NAMED = 3


@click.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--output", type=PATH, help="File to write.  [default: standard output]")
@click.option(
    "--graph",
    type=PATH,
    help="Model folder.  [default: the model chosen in the app, else the newest model]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line, not CSV.")
@plain_exits("Not all pictures were labelled; an existing --output file is unchanged.")
def main(paths: tuple[Path, ...], output: Path | None, graph: Path | None, as_json: bool) -> None:
    """Label pictures, and folders with their sub-folders."""
    workspace = Workspace.default()
    predictor = Predictor(choose_bundle(graph, workspace), workspace)
    found = find_picture_files(paths)
    progress, n_problems = ProgressLine(beside_rows=output is None), 0
    with _open_output(output) as stream:
        source = AnswerSource.of_bundle(predictor.bundle, graph, workspace)
        write = (_json_writer if as_json else write_predictions_csv)(stream, source)
        for answer in found.unreadable_folders:
            write(answer)
        for done, answer in enumerate(classify_files(predictor, found.pictures), start=1):
            write(answer)
            n_problems += answer.problem is not None
            progress.show("Labelling pictures", done, len(found.pictures))
    progress.clear()
    n_labelled = len(found.pictures) - n_problems
    n_unusable = n_problems + len(found.unreadable_folders)
    click.echo(
        f"{_count(n_labelled, 'picture')} labelled, {n_unusable} could not be used"
        f"{_describe_skipped(found.others)}",
        err=True,
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _describe_skipped(files: tuple[Path, ...]) -> str:
    if not files:
        return ""
    names = [file.name for file in files[:SKIPPED_FILES_NAMED]]
    names += ["…"] if len(files) > SKIPPED_FILES_NAMED else []
    return f", {_count(len(files), 'file')} skipped (no picture extension): {', '.join(names)}"


def _json_writer(stream: TextIO, source: AnswerSource) -> Callable[[FilePrediction], None]:
    def write(answer: FilePrediction) -> None:
        stream.write(format_json(answer, source) + "\n")

    return write


@contextmanager
def _open_output(output: Path | None) -> Iterator[TextIO]:
    """Open standard output, or a file that is only replaced once everything is written."""
    if output is None:
        yield sys.stdout
        return
    try:
        if output.is_dir():
            raise RunError(f"{output} is a folder: add a file name to --output.")
        # A file name may be invalid UTF-8; such bytes are written as \x escapes.
        with (
            replacing(output) as draft,
            draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
        ):
            yield stream
    except OSError as error:
        raise RunError(
            f"{output} could not be written ({error.strerror}): check permissions and free disk "
            "space, or choose another --output file."
        ) from error
