"""The `check` command: find copies, wrong labels and other faults of a dataset."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path

import click

from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.data.index import scan_dataset
from cluster_core.health import (
    Finding,
    FindingKind,
    HealthReport,
    check_health,
    choose_network,
    list_open,
)
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace

TITLES = {
    FindingKind.COPIES_ACROSS: "Copies in different classes",
    FindingKind.INSEPARABLE: "Classes that cannot be told apart",
    FindingKind.WRONG_LABEL: "Labels that may be wrong",
    FindingKind.SHORTCUT: "Shortcuts a model could learn",
    FindingKind.COPIES: "Copies",
    FindingKind.SERIES: "Series of one scene",
    FindingKind.UNUSABLE: "Files that cannot be used",
    FindingKind.NOTHING: "Pictures of nothing",
    FindingKind.OUTLIER: "Pictures unlike all others",
    FindingKind.BLURRED: "Blurred pictures",
    FindingKind.TINY: "Tiny pictures",
    FindingKind.IMBALANCE: "Few or uneven pictures",
}


@click.command()
@click.argument("image_dir", metavar="DIR", type=PATH)
@click.option("--json", "as_json", is_flag=True, help="Write one JSON object.")
@plain_exits("What was computed so far is kept.")
def main(image_dir: Path, as_json: bool) -> None:
    """Check a dataset: a folder with a sub-folder of pictures for each class.

    Findings that were accepted in the app are left out. Nothing is changed.
    """
    workspace, progress = Workspace.default(), ProgressLine()
    with CacheFile(workspace.bottlenecks) as file:
        index = scan_dataset(
            image_dir, file, lambda done, total: progress.show("Reading pictures", done, total)
        )
        report = check_health(
            index,
            choose_network(index.pictures),
            file,
            lambda done, total: progress.show("Checking pictures", done, total),
        )
    progress.clear()
    findings = list_open(image_dir, report.findings)
    report = HealthReport(report.n_pictures, findings, report.notes)
    if as_json:
        click.echo(json.dumps(report.to_record(index), ensure_ascii=False, indent=2))
    else:
        _print(report)


def _locate(finding: Finding) -> str:
    """Return the sentence of a finding, with the class before the name that it starts with."""
    if finding.kind is not FindingKind.WRONG_LABEL and len(finding.pictures) == 1:
        name = finding.pictures[0].path.name
        if finding.sentence.startswith(name):
            return finding.names[0] + finding.sentence.removeprefix(name)
    return finding.sentence


def _print(report: HealthReport) -> None:
    for kind, findings in groupby(report.findings, key=lambda finding: finding.kind):
        found = list(findings)
        click.echo(f"{TITLES[kind]} ({len(found):,})")
        for finding in found:
            click.echo(f"  {_locate(finding)}")
    for note in report.notes:
        click.echo(note)
    n = len(report.findings)
    noun = "1 finding" if n == 1 else f"{n:,} findings"
    pictures = "1 picture" if report.n_pictures == 1 else f"{report.n_pictures:,} pictures"
    click.echo(f"{pictures} checked, {noun if n else 'nothing found'}", err=True)
