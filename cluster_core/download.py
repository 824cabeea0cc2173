"""`python -m cluster_core.download`: download pictures from a list of addresses."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.access import Access
from cluster_core.console import PATH, ProgressLine, plain_exits, run_as_program
from cluster_core.data.web.addresses import parse_addresses
from cluster_core.data.web.downloads import download_pictures
from cluster_core.errors import ConfigError


@click.command()
@click.option(
    "--urls",
    type=PATH,
    required=True,
    help="Text file with one address per line; lines starting with # are ignored.",
)
@click.option(
    "--output",
    type=PATH,
    required=True,
    help="Folder for the pictures, such as a class of a dataset; created if it is missing.",
)
@plain_exits("Pictures downloaded so far are kept, and are skipped next time.")
def main(urls: Path, output: Path) -> None:
    """Download pictures from the public web, and print the path of each one."""
    addresses = _read_list(urls)
    progress = ProgressLine()

    def on_progress(done: int, total: int) -> None:
        progress.show("Downloading pictures", done, total)

    report = download_pictures(Access.owner(), addresses, output, on_progress)
    progress.clear()
    for path in report.added:
        click.echo(path)
    for failure in report.failed:
        click.echo(f"Failed: {_escape(failure.address)}: {failure.reason}", err=True)
    click.echo(
        f"{len(report.added)} downloaded, {len(report.skipped)} already there, "
        f"{len(report.failed)} failed",
        err=True,
    )


def _read_list(path: Path) -> tuple[str, ...]:
    """Return the addresses in a file; raise ConfigError if there are none."""
    try:
        addresses = parse_addresses(path.read_text("utf-8"))
        problem = "" if addresses else "contains no address"
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _refuse(path, f"could not be read ({detail})") from error
    if problem:
        raise _refuse(path, problem)
    return addresses


def _refuse(path: Path, problem: str) -> ConfigError:
    return ConfigError(
        f"{path} {problem}: name a text file with one picture address per line, --urls=FILE.",
        field="urls",
        received=path,
        allowed="a text file with one address per line",
    )


def _escape(address: str) -> str:
    """Escape an address with characters that a terminal would interpret as commands."""
    return address if address.isprintable() else repr(address)


if __name__ == "__main__":
    run_as_program(main)
