"""The `passphrase` command: hash a passphrase with which the owner signs in."""

from __future__ import annotations

import click

from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.console import plain_exits


@click.command()
@click.option("--passphrase", prompt=True, hide_input=True, confirmation_prompt=True, hidden=True)
@plain_exits("No passphrase was hashed.")
def main(passphrase: str) -> None:
    """Hash a passphrase with which you sign in to your server.

    Set the environment variable that is printed, then start the server.
    """
    click.echo(f"{PASSPHRASE_VARIABLE}={hash_passphrase(passphrase)}")
