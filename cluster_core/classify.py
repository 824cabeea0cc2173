"""The `classify` command: label many pictures and write a table."""

from __future__ import annotations

from contextlib import closing, nullcontext
from pathlib import Path

import click

from cluster_core.console import DASK, NO_PICTURES, PATH, ProgressLine, connecting, plain_exits
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.batch import classify_sources
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable
from cluster_core.model.prediction.tables.formats import TableFormat, find_format, writing_table
from cluster_core.model.prediction.tables.names import NameCounts
from cluster_core.model.prediction.tables.replaceable import require_replaceable
from cluster_core.model.prediction.tables.sky import SKY_COLUMNS
from cluster_core.sky_names.cache import identifying
from cluster_core.sources.finding import PictureSources
from cluster_core.workspace import Workspace

SKIPPED_FILES_NAMED = 3


@click.command()
@click.argument("places", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--from",
    "lists",
    type=PATH,
    multiple=True,
    help="Text file with one path or address per line; - for standard input.",
)
@click.option("--output", type=PATH, help="File to write.  [default: standard output]")
@click.option(
    "--format",
    "table_format",
    type=click.Choice([one.value for one in TableFormat]),  # click shows an enum's names
    help="Format of the table.  [default: what the ending of --output says, else csv]",
)
@click.option(
    "--graph",
    type=PATH,
    help="Model folder.  [default: the model chosen in the app, else the newest model]",
)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object per line, not CSV.")
@click.option(
    "--identify",
    is_flag=True,
    help="Name the objects in the sky, by header, file name or plate solving, in further columns.",
)
@click.option(
    "--resume",
    is_flag=True,
    help="Label only pictures without a row in the --output of the same model and settings.",
)
@DASK
@plain_exits(
    "Not all pictures were labelled; an existing --output file is unchanged. Add --resume to go "
    "on with a CSV or JSON lines file."
)
def main(  # noqa: PLR0913, PLR0917 (each is an option)
    places: tuple[str, ...],
    lists: tuple[Path, ...],
    output: Path | None,
    table_format: str | None,
    graph: Path | None,
    as_json: bool,
    identify: bool,
    resume: bool,
    scheduler: str | None,
) -> None:
    """Label many pictures and write a table.

    PATHS are files, folders with their sub-folders, .zip and .tar archives, patterns such as
    "night/M13-?.fits", web addresses, and object stores such as s3://bucket/night.
    """
    if not places and not lists:
        raise click.UsageError("Missing argument 'PATHS...'.")
    workspace = Workspace.default()
    predictor = Predictor(choose_bundle(graph, workspace), workspace)
    sources = PictureSources(places, lists, output)
    sources.check()
    inputs = [*map(Path, places), *lists, *([graph] if graph else [])]
    require_replaceable(output, inputs)
    n_sources = sources.count() or 0
    source = AnswerSource.of_bundle(predictor.bundle, graph, workspace)
    chosen = TableFormat(table_format) if table_format else find_format(output)
    chosen = TableFormat.JSON_LINES if as_json else chosen
    progress, n_done, n_problems = ProgressLine(beside_rows=output is None), 0, 0
    names = NameCounts()
    table = AnswerTable(source, SKY_COLUMNS if identify else ())
    opening = identifying(workspace) if identify else nullcontext()
    with (
        opening as say_what,
        connecting(scheduler) as cluster,
        writing_table(output, chosen, table, resume) as write,
    ):
        n_before, remaining = write.done.n, write.done.leave_out(sources)
        with closing(classify_sources(predictor, remaining, say_what, cluster)) as answers:
            for answer in answers:
                write(names.add(answer))
                n_done += 1
                n_problems += answer.problem is not None
                progress.show("Labelling pictures", n_before + n_done, n_sources)
    progress.clear()
    before = f" after {_count(n_before, 'picture')} of earlier runs" if n_before else ""
    click.echo(
        f"{_count(n_done - n_problems, 'picture')} labelled{before}, {n_problems} could not be "
        f"used{_describe_skipped(sources)}",
        err=True,
    )
    if not n_before + n_done:
        click.echo(NO_PICTURES, err=True)
    for line in names.describe():
        click.echo(line, err=True)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _describe_skipped(sources: PictureSources) -> str:
    if not sources.n_others:
        return ""
    names = sources.others[:SKIPPED_FILES_NAMED]
    names += ["…"] if sources.n_others > SKIPPED_FILES_NAMED else []
    return (
        f", {_count(sources.n_others, 'file')} skipped (no picture extension): {', '.join(names)}"
    )
