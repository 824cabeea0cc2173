"""`python -m cluster_core`: label many pictures, render a dataset to try things on."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import click

from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.errors import RunError
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.batch import FilePrediction, classify_files, find_picture_files
from cluster_core.model.prediction.csv import write_predictions_csv
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.sky import DEMO_CLASSES, render_demo_dataset
from cluster_core.workspace import Workspace, replacing

DEFAULT_DEMO_CLASSES = ("globular clusters", "open clusters")
OTHERS_NAMED = 3


@click.group()
def main() -> None:
    """Cluster Lab on the command line."""


@main.command()
@click.argument("paths", nargs=-1, required=True, type=PATH)
@click.option("--output", type=PATH, help="File to write.  [default: standard output]")
@click.option(
    "--graph", type=PATH, help="A model's folder.  [default: the one chosen, else the newest model]"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of CSV.")
@plain_exits("Some pictures are not labelled; a file named by --output is as it was before.")
def classify(
    paths: tuple[Path, ...], output: Path | None, graph: Path | None, as_json: bool
) -> None:
    """Label pictures, and all pictures in folders and their sub-folders."""
    workspace = Workspace.default()
    predictor = Predictor(choose_bundle(graph, workspace), workspace)
    found = find_picture_files(paths)
    progress, n_problems = ProgressLine(beside_rows=output is None), 0
    with _open_output(output) as stream:
        write = (_json_writer if as_json else write_predictions_csv)(
            stream, predictor.bundle.labels
        )
        for answer in found.unreadable_folders:
            write(answer)
        for done, answer in enumerate(classify_files(predictor, found.pictures), start=1):
            write(answer)
            n_problems += answer.problem is not None
            progress.show("Labelling pictures", done, len(found.pictures))
    progress.clear()
    summary = f"{_count(len(found.pictures) - n_problems, 'picture')} labelled"
    summary += f", {n_problems + len(found.unreadable_folders)} unreadable{_describe_others(found.others)}"
    click.echo(summary, err=True)


@main.command("demo-data")
@click.option("--output", type=PATH, required=True, help="Folder to fill.")
@click.option(
    "--classes",
    default=",".join(DEFAULT_DEMO_CLASSES),
    show_default=True,
    help=f"Classes, with commas between: {', '.join(DEMO_CLASSES)}.",
)
@click.option("--per-class", default=60, show_default=True, help="Pictures of each class.")
@click.option("--seed", default=0, show_default=True, help="The same seed, the same pictures.")
@click.option("--force", is_flag=True, help="Render into a folder that holds files already.")
@plain_exits("The pictures rendered so far are in the folder.")
def demo_data(output: Path, classes: str, per_class: int, seed: int, force: bool) -> None:
    """Render a dataset of a simulated sky to try things on."""
    labels = [label.strip() for label in classes.split(",")]
    progress = ProgressLine()

    def on_progress(done: int, total: int) -> None:
        progress.show("Rendering the sky", done, total)

    files = render_demo_dataset(output, labels, per_class, seed, on_progress, force=force)
    progress.clear()
    click.echo(f"{len(files)} pictures in {output}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _describe_others(files: tuple[Path, ...]) -> str:
    if not files:
        return ""
    are = "is not named like a picture" if len(files) == 1 else "are not named like pictures"
    names = [file.name for file in files[:OTHERS_NAMED]]
    names += ["…"] if len(files) > OTHERS_NAMED else []
    return f", {_count(len(files), 'file')} left alone that {are}: {', '.join(names)}"


def _json_writer(stream: TextIO, labels: tuple[str, ...]) -> Callable[[FilePrediction], None]:
    def write(answer: FilePrediction) -> None:
        record: dict[str, Any] = {"path": str(answer.path)}
        found = answer.prediction
        if found is None:
            record["problem"] = answer.problem
        else:
            record |= {"label": found.label, "score": found.score}
            record["scores"] = {label: found.scores[label] for label in labels}
        stream.write(json.dumps(record, ensure_ascii=False) + "\n")

    return write


@contextmanager
def _open_output(output: Path | None) -> Iterator[TextIO]:
    """Give standard output, or a file that appears whole when all is done."""
    if output is None:
        yield sys.stdout
        return
    try:
        if output.is_dir():
            raise RunError(f"{output} is a folder: add a file name to --output.")
        # A file name need not be valid UTF-8; its odd bytes are written as \x escapes.
        with (
            replacing(output) as draft,
            draft.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream,
        ):
            yield stream
    except OSError as error:
        raise RunError(
            f"{output} could not be written ({error.strerror}): choose another --output, or make "
            "room there."
        ) from error
