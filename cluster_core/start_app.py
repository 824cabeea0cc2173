"""The `app` command: start Cluster Lab in the browser."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

import click

from cluster_core.console import become_program

_PACKAGE = Path(__file__).parent


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    help="Port to listen on.  [default: 8501, or the next free one]",
)
@click.option(
    "--host",
    help="Network address to listen on; 0.0.0.0 lets other computers reach the app.  "
    "[default: localhost]",
)
@click.option(
    "--browser/--no-browser", default=True, help="Open the page in a browser.  [default: browser]"
)
@click.argument("streamlit_options", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def main(
    context: click.Context,
    port: int | None,
    host: str | None,
    browser: bool,
    streamlit_options: tuple[str, ...],
) -> None:
    """Start the app in the browser.

    All data is kept in the folder tf_files below the current folder, or in the
    folder that the environment variable CLUSTER_LAB_WORKSPACE names.

    Streamlit's own options work too, such as --server.maxUploadSize=50. To see
    them all: streamlit run --help
    """
    _check_streamlit_options(context, streamlit_options)
    flags: list[str] = []
    if port is not None:
        _check_port(port, host)
        flags.append(f"--server.port={port}")
    if host is not None:
        flags.append(f"--server.address={host}")
    if not browser:
        flags.append("--server.headless=true")
    # uvicorn would let any program on this computer name a visitor's address; here, only the
    # proxies of `cluster_core.server.client` do.
    os.environ.setdefault("FORWARDED_ALLOW_IPS", "")
    # -P: a module in the current folder must not shadow an installed one. Streamlit reads
    # .streamlit/config.toml from the folder of the script that it runs.
    command = [sys.executable, "-P", "-m", "streamlit", "run", str(find_app()), *flags]
    become_program([*command, *streamlit_options])


def _check_port(port: int, host: str | None) -> None:
    """Exit with one line if the port is taken, before Streamlit loads."""
    family = socket.AF_INET6 if host and ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        # Else a server that has just ended would still seem to be there.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host or "localhost", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise click.ClickException(
                    f"Port {port} is in use: stop the program that uses it, or choose another "
                    "with --port."
                ) from error


def find_app() -> Path:
    """Return the app's script: the installed one, or the repository's."""
    installed = _PACKAGE / "webapp" / "app.py"
    return installed if installed.is_file() else _PACKAGE.parent / "app.py"


def _check_streamlit_options(context: click.Context, options: tuple[str, ...]) -> None:
    """Refuse options that are neither ours nor of the form --section.option."""
    if options and not options[0].startswith("--"):
        raise click.UsageError(f"Got unexpected extra argument ({options[0]})", context)
    for option in options:
        name = option.partition("=")[0]
        if name.startswith("--") and "." not in name:
            raise click.NoSuchOption(name, ctx=context)
