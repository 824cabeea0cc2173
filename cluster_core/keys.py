"""The `keys` command: make, list and revoke keys for the REST API."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from cluster_core.access import Access
from cluster_core.api.keys import Scope, create_key, list_keys, revoke_key
from cluster_core.console import plain_exits
from cluster_core.workspace import Workspace

_STOPPED = "No key was changed."


@click.group()
def main() -> None:
    """Make, list and revoke keys for the REST API."""


@main.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=[scope.value for scope in Scope],
    show_default=True,
    help="What the key may do; repeat it for several.",
)
@plain_exits(_STOPPED)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it, this once.

    NAME says who or what will use it.
    """
    secret, key = create_key(
        Access.owner(), Workspace.default(), name, [Scope(scope) for scope in scopes]
    )
    click.echo(secret)
    click.echo(f"Keep this key: it is not shown again. Its id is {key.id}.", err=True)


@main.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
@plain_exits(_STOPPED)
def list_all(as_json: bool) -> None:
    """List the keys, oldest first."""
    keys = list_keys(Access.owner(), Workspace.default())
    for key in keys:
        record = {name: value for name, value in asdict(key).items() if name != "sha256"}
        used = f"last used {key.last_used}" if key.last_used else "never used"
        line = f"{key.id}  {key.name}  ({', '.join(key.scopes)}), made {key.created}, {used}"
        click.echo(json.dumps(record, ensure_ascii=False) if as_json else line)
    if not keys:
        click.echo("There are no API keys: make one with `keys create NAME`.", err=True)


@main.command()
@click.argument("key_id", metavar="ID")
@plain_exits(_STOPPED)
def revoke(key_id: str) -> None:
    """Revoke a key by its id, which `keys list` shows."""
    key = revoke_key(Access.owner(), Workspace.default(), key_id)
    click.echo(f"Revoked {key.name}: requests with this key are refused.")
