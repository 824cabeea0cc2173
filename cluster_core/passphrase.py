"""The `passphrase` command: hash a passphrase with which the owner signs in."""

from __future__ import annotations

import click

from cluster_core.access.modes import PASSPHRASE_VARIABLE
from cluster_core.access.passphrase import hash_passphrase
from cluster_core.console import plain_exits


@click.command()
@plain_exits("No passphrase was hashed.")
def main() -> None:
    """Hash a passphrase with which you sign in to your server.

    Set the environment variable that is printed, then start the server.
    """
    passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    click.echo(f"{PASSPHRASE_VARIABLE}={hash_passphrase(passphrase)}")
