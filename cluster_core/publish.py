"""The `publish` command: publish a model as a web page, list the pages, and remove one."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.access import Access
from cluster_core.console import PATH, plain_exits
from cluster_core.errors import BundleError
from cluster_core.model.bundle.collection import list_models
from cluster_core.model.bundle.summaries import ModelSummary
from cluster_core.workspace import Workspace


@click.command()
@click.argument("model", required=False)
@click.option("--title", help="Title of the page.  [default: the model's name or its classes]")
@click.option("--description", default="", help="What the model is for.")
@click.option("--link", default="", help="Address that the page links to.")
@click.option(
    "--example",
    "examples",
    type=PATH,
    multiple=True,
    help="Picture that visitors can try; may be repeated.",
)
@click.option("--alias", help="Name in the link.  [default: made of the title]")
@click.option("--update", is_flag=True, help="Replace what the link of --alias shows.")
@click.option("--list", "is_list", is_flag=True, help="Only list what is published.")
@click.option("--remove", metavar="ALIAS", help="Only unpublish this: move it to the trash.")
@plain_exits("Nothing was published.")
def main(  # noqa: PLR0913 (each is an option)
    *,
    model: str | None,
    title: str | None,
    description: str,
    link: str,
    examples: tuple[Path, ...],
    alias: str | None,
    update: bool,
    is_list: bool,
    remove: str | None,
) -> None:
    """Publish a MODEL: a web page that answers in the browser of everyone with its link.

    MODEL is a model's name, as on the page Models; without it, the model chosen in the app is
    published, else the newest one. The app serves the page at /m/ALIAS/.
    """
    from cluster_core.model.export.web import PageText
    from cluster_core.publishing.store import list_published, publish, republish, unpublish
    from cluster_core.publishing.suggestions import suggest_alias, suggest_title

    workspace = Workspace.default()
    if update and not alias:
        raise click.UsageError("--update needs --alias: the name in the link to update.")
    if is_list:
        pages = list_published(workspace)
        if not pages:
            click.echo("Nothing is published yet.", err=True)
        for page in pages:
            click.echo(f"{page.alias}\t{page.title}\t{page.model_id}\t{page.created[:10]}")
    elif remove is not None:
        unpublish(Access.owner(), workspace, remove)
        click.echo(f"Unpublished {remove}. It can be restored from the trash on the page Dataset.")
    else:
        summary = _find_model(workspace, model)
        text = PageText(title or suggest_title(summary), description, examples, link)
        act = republish if update else publish
        name = alias or suggest_alias(workspace, text.title)
        page = act(Access.owner(), workspace, summary.id, text, name)
        click.echo(f"/m/{page.alias}/")
        click.echo(
            f"{'Updated' if update else 'Published'} {page.title}. This content alone stays at "
            f"/m/{page.content_id}/.",
            err=True,
        )


def _find_model(workspace: Workspace, name: str | None) -> ModelSummary:
    models = list_models(workspace)
    for model in models:
        if model.id == name or (name is None and model.is_default):
            return model
    raise BundleError(
        f"There is no model {name!r}: name one of {', '.join(model.id for model in models)}.",
        path=workspace.bundles,
    )
