"""The `project` command: save a whole workspace as one file, and load such a file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from cluster_core.access import Access
from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.errors import ProjectError
from cluster_core.projects.loading import load_project, preview_project
from cluster_core.projects.saving import save_project
from cluster_core.projects.words import describe_contents, describe_load
from cluster_core.workspace import Workspace


@click.group()
def main() -> None:
    """Save all datasets, models and trainings as one file, or load such a file.

    Also for backups: `project save` and `project load` restore what people made. Left out is
    what can be made again or is not theirs: cached features, the trash, logs of the server,
    keys, visitors' pictures, downloaded networks, summaries for TensorBoard and exported graphs.
    """


@main.command()
@click.argument("file", metavar="FILE.zip", type=PATH)
@click.option(
    "--dataset",
    "datasets",
    metavar="NAME",
    multiple=True,
    help="Save only this dataset, and the models and trainings made from it. Can be repeated.",
)
@click.option("--force", is_flag=True, help="Replace FILE.zip if it exists.")
@plain_exits("Nothing was saved.")
def save(file: Path, datasets: tuple[str, ...], force: bool) -> None:
    """Save everything in the workspace as one file."""
    if file.exists() and not force:
        raise ProjectError(
            f"{file} exists already: choose another name, or use --force.", path=file
        )
    progress = ProgressLine()
    report = save_project(
        Access.owner(),
        Workspace.default(),
        file,
        datasets,
        lambda done, total: progress.show("Saving", done, total),
    )
    progress.clear()
    _print_notes(report.notes)
    files = "1 file" if report.n_files == 1 else f"{report.n_files:,} files"
    click.echo(f"{files}, {report.n_bytes / 1e6:,.1f} MB in {file}")


@main.command()
@click.argument("file", metavar="FILE.zip", type=PATH)
@click.option("--preview", is_flag=True, help="Only say what the file holds.")
@click.option("--publish", is_flag=True, help="Publish the pages that the project had published.")
@plain_exits("Nothing was loaded.")
def load(file: Path, preview: bool, publish: bool) -> None:
    """Add a saved project to the workspace; nothing is overwritten.

    What is here already is skipped, and what has the name of something else gets a new name.
    If this command is killed, run it again: it adds what is missing.
    """
    try:
        source = file.open("rb")
    except OSError as error:
        raise ProjectError(f"{file} cannot be read ({error.strerror}).", path=file) from error
    with source:
        contents = preview_project(source)
        click.echo(f"In {file}: {describe_contents(contents)}")
        if preview:
            _print_notes(contents.ignored)
            return
        progress = ProgressLine()
        report = load_project(
            Access.owner(),
            Workspace.default(),
            source,
            lambda done, total: progress.show("Loading", done, total),
            publishes=publish,
        )
        progress.clear()
    _print_notes(report.notes)
    click.echo(describe_load(report))


def _print_notes(notes: Iterable[str]) -> None:
    for note in notes:
        click.echo(note, err=True)
