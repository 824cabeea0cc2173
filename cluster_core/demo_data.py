"""The `demo-data` command: render a dataset of a simulated sky."""

from __future__ import annotations

from pathlib import Path

import click

from cluster_core.console import PATH, ProgressLine, plain_exits
from cluster_core.sky import DEMO_CLASSES, render_demo_dataset

DEFAULT_CLASSES = ("globular clusters", "open clusters")


@click.command()
@click.option("--output", type=PATH, required=True, help="Folder to fill.")
@click.option(
    "--classes",
    default=",".join(DEFAULT_CLASSES),
    show_default=True,
    help=f"Classes, separated by commas: {', '.join(DEMO_CLASSES)}.",
)
@click.option("--per-class", default=60, show_default=True, help="Number of pictures per class.")
@click.option(
    "--seed", default=0, show_default=True, help="The same seed renders the same pictures."
)
@click.option("--force", is_flag=True, help="Use a folder even if it already contains files.")
@plain_exits("The pictures rendered so far are in the folder.")
def main(output: Path, classes: str, per_class: int, seed: int, force: bool) -> None:
    """Render a dataset of a simulated sky to try things out."""
    labels = [label.strip() for label in classes.split(",")]
    progress = ProgressLine()

    def on_progress(done: int, total: int) -> None:
        progress.show("Rendering the sky", done, total)

    files = render_demo_dataset(output, labels, per_class, seed, on_progress, force=force)
    progress.clear()
    click.echo(f"{len(files)} pictures in {output}")
