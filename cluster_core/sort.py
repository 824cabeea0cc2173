"""The `sort` command: put pictures into folders by what a model says, and take that back."""

from __future__ import annotations

import signal
import sys
from contextlib import closing, nullcontext
from pathlib import Path

import click

from cluster_core.access import Access
from cluster_core.console import EXIT_ERROR, NO_PICTURES, PATH, ProgressLine, plain_exits
from cluster_core.errors import ConfigError
from cluster_core.model.bundle.selection import choose_bundle
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.names import NameCounts
from cluster_core.sky_names.cache import identifying
from cluster_core.sorting.answering import answer_files
from cluster_core.sorting.finding import check_sources, check_workspace, find_files
from cluster_core.sorting.log import read_state
from cluster_core.sorting.records import Stage, Transfer
from cluster_core.sorting.sorter import Sorter, SortSettings
from cluster_core.sorting.undoing import undo_sort
from cluster_core.sorting.unsure import create_unsure_queue, list_unsure
from cluster_core.sorting.watching import SETTLE_S, SortTask, Watcher
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

_UNDO, _LABEL = "--undo", "--label-unsure"
_WAITING_NAMED = 3


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@click.option("--output", type=PATH, help="Folder that gets a folder for each answer.")
@click.option("--copy", is_flag=True, help="Copy.  [default]")
@click.option("--link", is_flag=True, help="Make symbolic links.")
@click.option("--move", is_flag=True, help="Move; --undo moves the files back.")
@click.option(
    "--graph",
    type=PATH,
    help="Model folder.  [default: the model chosen in the app, else the newest model]",
)
@click.option(
    "--fits-cards",
    "with_cards",
    is_flag=True,
    help="Write the cards CLASS, CLASSP and CLMODEL into the copies of FITS files.",
)
@click.option(
    "--identify", is_flag=True, help="Say in answers.csv which object each picture shows."
)
@click.option(
    "--watch", is_flag=True, help="Go on with files that appear later, until Ctrl-C is pressed."
)
@click.option(
    "--settle",
    "settle_s",
    type=click.FloatRange(min=0),
    default=SETTLE_S,
    metavar="SECONDS",
    help="With --watch: a file is complete once it has not changed for so long.  [default: 5]",
)
@click.option(
    _UNDO, "undone", type=PATH, metavar="DIR", help="Take back what was sorted into a folder."
)
@click.option(
    _LABEL,
    "labelled",
    type=PATH,
    metavar="DIR",
    help="Put the unsure pictures of a sorted folder into a queue on the page Label.",
)
@plain_exits("What is sorted stays: the same command goes on, and sort --undo DIR takes it back.")
def main(  # noqa: PLR0913, PLR0917 (each is an option)
    paths: tuple[Path, ...],
    output: Path | None,
    copy: bool,
    link: bool,
    move: bool,
    graph: Path | None,
    with_cards: bool,
    identify: bool,
    watch: bool,
    settle_s: float,
    undone: Path | None,
    labelled: Path | None,
) -> None:
    """Sort pictures into folders by what the model says: a class, unsure, or none of these.

    PATHS are files, and folders with their sub-folders. Nothing is overwritten. The same command
    again goes on with what is not sorted yet. answers.csv, beside the folders, has all answers.
    """
    if (undone or labelled) and (paths or output or (undone and labelled)):
        raise click.UsageError(f"{_UNDO if undone else _LABEL} takes one folder and no PATHS.")
    if undone:
        _undo(undone)
        return
    if labelled:
        _label(labelled)
        return
    if copy + link + move > 1:
        raise click.UsageError("Choose one of --copy, --link and --move.")
    if not paths or output is None:
        raise click.UsageError("Name the pictures, and --output with the folder to sort into.")
    transfer = Transfer.MOVE if move else Transfer.LINK if link else Transfer.COPY
    check_sources(paths, output)
    check_workspace(paths, output, transfer)
    workspace = Workspace.default()
    predictor = Predictor(choose_bundle(graph, workspace), workspace)
    source = AnswerSource.of_bundle(predictor.bundle, graph, workspace)
    settings = SortSettings(output, transfer, with_cards, identify)
    with identifying(workspace) if identify else nullcontext() as find_names:
        task = SortTask(paths, settings, predictor, source, find_names, settle_s)
        _watch(task) if watch else _sort(task)


def _sort(task: SortTask) -> None:
    others: list[str] = []
    refused: list[str] = []
    found = list(find_files(task.paths, others.append, refused.append))
    progress, names = ProgressLine(), NameCounts()
    with Sorter(Access.owner(), task.settings, task.source) as sorter:
        waiting = [path for path in found if not sorter.is_sorted(path)]
        try:
            with closing(answer_files(task.predictor, waiting, task.identify)) as answers:
                for done, answered in enumerate(answers, start=1):
                    sorter.sort(answered)
                    names.add(answered.answer)
                    progress.show("Sorting pictures", done, len(waiting))
        finally:
            progress.clear()
            sorter.write_table()
    for problem in sorter.problems:
        click.echo(problem, err=True)
    for folder in refused:
        click.echo(f"{folder} could not be opened: check its permissions.", err=True)
    _summarise(sorter, len(found) - len(waiting), len(others))
    if not found:
        click.echo(NO_PICTURES, err=True)
    _finish(names, task.settings.output)


def _summarise(sorter: Sorter, n_before: int, n_others: int) -> None:
    for folder, count in sorted(sorter.counts.items()):
        click.echo(f"{count:6,}  {folder}")
    n_sorted = sorter.counts.total()
    parts = [f"{n_sorted:,} {'picture' if n_sorted == 1 else 'pictures'} sorted"]
    parts += [f"{n_before:,} sorted before"] if n_before else []
    parts += [f"{len(sorter.problems):,} with a problem"] if sorter.problems else []
    others = "other file" if n_others == 1 else "other files"
    parts += [f"{n_others:,} {others} skipped"] if n_others else []
    click.echo(", ".join(parts), err=True)


def _finish(names: NameCounts, output: Path) -> None:
    """Print what the pictures show, and what can be done next."""
    for line in names.describe():
        click.echo(line, err=True)
    command = "python -m cluster_core sort"
    if n_unsure := len(list_unsure(output)):
        noun = "picture" if n_unsure == 1 else "pictures"
        click.echo(f'Label the {n_unsure:,} unsure {noun}: {command} {_LABEL} "{output}"', err=True)
    if read_state(output).list_files(Stage.DONE):
        click.echo(f'Take this back: {command} {_UNDO} "{output}"', err=True)


def _watch(task: SortTask) -> None:
    files = [path for path in task.paths if not path.is_dir()]
    if files:
        raise ConfigError(
            f"{files[0]} is not a folder: --watch needs folders.",
            field="watch",
            received=files[0],
            allowed="folders",
        )
    watcher = Watcher(Access.owner(), task, click.echo)

    def stop(number: int, frame: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C ends at once
        watcher.stop.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    click.echo("Watching. Press Ctrl-C to stop.", err=True)
    watcher.run()
    click.echo("Stopped watching: the same command goes on.", err=True)
    if names := [path.name for path in watcher.waiting]:
        waiting = "1 file still waits" if len(names) == 1 else f"{len(names):,} files still wait"
        named = [*names[:_WAITING_NAMED], *(["…"] if len(names) > _WAITING_NAMED else [])]
        click.echo(f"{waiting}: {', '.join(named)}", err=True)
    _finish(watcher.names, task.settings.output)


def _undo(output: Path) -> None:
    progress = ProgressLine()
    report = undo_sort(
        Access.owner(), output, lambda done, total: progress.show("Taking back", done, total)
    )
    progress.clear()
    for sentence in report.kept:
        click.echo(sentence, err=True)
    noun = "picture" if report.n_undone == 1 else "pictures"
    click.echo(f"{report.n_undone:,} {noun} taken back")
    if report.kept and not report.n_undone:
        sys.exit(EXIT_ERROR)


def _label(output: Path) -> None:
    workspace, progress = Workspace.default(), ProgressLine()
    queue, filling = create_unsure_queue(Access.owner(), workspace, output)
    with CacheFile(workspace.bottlenecks) as cache:
        filling.add_remaining(
            cache, lambda done, total: progress.show("Adding pictures", done, total)
        )
    progress.clear()
    for problem in filling.problems:
        click.echo(problem, err=True)
    noun = "picture" if filling.n_added == 1 else "pictures"
    click.echo(
        f"{filling.n_added:,} {noun} added to the queue {queue.name}: open Label in the app "
        "(python -m cluster_core app)"
    )
