"""`python -m cluster_core.download`: download the pictures of a list of addresses."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.console import PATH, ProgressLine, plain_exits, run_as_program
from cluster_core.data.web.addresses import parse_addresses
from cluster_core.data.web.downloads import download_pictures
from cluster_core.errors import ConfigError


@click.command()
@click.option(
    "--urls", type=PATH, required=True, help="File with an address a line; # begins a comment."
)
@click.option(
    "--output",
    type=PATH,
    required=True,
    help="Folder for the pictures, such as a class of a dataset. Made when missing.",
)
@plain_exits("What was downloaded so far stays, and is skipped the next time.")
def main(urls: Path, output: Path) -> None:
    """Download pictures from the public web, and print where each one is."""
    addresses = _read_list(urls)
    progress = ProgressLine()

    def on_progress(done: int, total: int) -> None:
        progress.show("Downloading pictures", done, total)

    report = download_pictures(addresses, output, on_progress)
    progress.clear()
    for path in report.added:
        click.echo(path)
    for failure in report.failed:
        click.echo(f"Failed: {_show(failure.address)}: {failure.reason}", err=True)
    click.echo(
        f"{len(report.added)} downloaded, {len(report.skipped)} there already, "
        f"{len(report.failed)} failed",
        err=True,
    )


def _read_list(path: Path) -> tuple[str, ...]:
    """Return the addresses of a file; ConfigError where there are none."""
    try:
        addresses = parse_addresses(path.read_text("utf-8"))
        problem = "has no address in it" if not addresses else ""
    except (OSError, UnicodeDecodeError) as error:
        detail = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise _refuse(path, f"could not be read ({detail})") from error
    if problem:
        raise _refuse(path, problem)
    return addresses


def _refuse(path: Path, problem: str) -> ConfigError:
    return ConfigError(
        f"{path} {problem}: give a text file with the address of a picture on each line, "
        "--urls=FILE.",
        field="urls",
        received=path,
        allowed="a text file with an address a line",
    )


def _show(address: str) -> str:
    """Write what a terminal would take as a command, not as text, as an escape."""
    return address if address.isprintable() else repr(address)


if __name__ == "__main__":
    run_as_program(main)
