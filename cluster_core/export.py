"""The `export` command: a model as a file that answers elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.access import Access
from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.errors import ConfigError
from cluster_core.model.bundle.selection import model_dir
from cluster_core.model.export.exporting import ExportProgress, Phase, make_export
from cluster_core.model.export.formats import FORMATS, ExportFormat
from cluster_core.model.export.request import ExportRequest
from cluster_core.workspace import Workspace

_FORMAT_HELP = "; ".join(f"{kind}: {facts.purpose}" for kind, facts in FORMATS.items())


class _Line(ExportProgress):
    """Progress as a line on standard error."""

    def __init__(self) -> None:
        super().__init__()
        self.line = ProgressLine()

    def enter(self, phase: Phase) -> None:
        super().enter(phase)
        self.line.show(phase, 0, 0)


@click.command()
@click.argument("model")
@click.option(
    "--format",
    "kind",
    type=click.Choice([str(kind) for kind in ExportFormat]),
    required=True,
    help=_FORMAT_HELP,
)
@click.option(
    "--output",
    type=PATH,
    required=True,
    help="File to write; for web, savedmodel and pb, a folder.",
)
@click.option(
    "--int8",
    "is_int8",
    is_flag=True,
    help="A quarter of the size, for tflite: numbers of 8 bits. Its loss is measured and printed.",
)
@click.option("--force", is_flag=True, help="Replace the file at --output.")
@plain_exits("Nothing was written.")
def main(model: str, kind: str, output: Path, *, is_int8: bool, force: bool) -> None:
    """Write a MODEL in a format that other programs read.

    Before it is written, the file labels 32 pictures in a fresh process without Cluster Lab (of a
    web page, its network and last layer do). If it answers otherwise than the model, there is an
    error and no file.

    MODEL is a model's folder or its name; `starter` is the one that ships with the program.
    """
    workspace, progress = Workspace.default(), _Line()
    folder = Path(model) if Path(model).is_dir() else model_dir(workspace, model)
    request = ExportRequest(folder, ExportFormat(kind), is_int8)
    _check_output(output, force=force)
    check = make_export(Access.owner(), request, workspace, output, progress)
    progress.line.clear()
    click.echo(f"Wrote {output}. {check.describe()}")


def _check_output(output: Path, *, force: bool) -> None:
    if not output.exists() or (force and output.is_file()):
        return
    # A folder may hold anything, so it is never replaced.
    advice = "" if output.is_dir() else ", or replace it with --force"
    raise ConfigError(
        f"{output} already exists: choose another --output{advice}.",
        field="output",
        received=output,
        allowed="a file or folder that does not exist",
    )
