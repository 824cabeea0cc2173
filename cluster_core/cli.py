"""The command line: `cluster-lab`, or `python -m cluster_core`."""

from __future__ import annotations

import importlib

import click

from cluster_core import __version__

# Name on the command line: (module with the command, one line of help).
# The modules are imported only when needed, so that each command starts fast.
SUBCOMMANDS = {
    "app": ("start_app", "Start the app in the browser."),
    "serve": ("serve", "Serve the REST API and published pages, without the app."),
    "keys": ("keys", "Make, list and revoke keys for the REST API."),
    "passphrase": ("passphrase", "Hash a passphrase with which you sign in to your server."),
    "retrain": ("retrain", "Train a model on your own folders of pictures."),
    "label": ("label_image", "Label one picture."),
    "classify": ("classify", "Label pictures, and folders with their sub-folders."),
    "find": ("find", "Find the clusters in large pictures of the sky."),
    "sort": ("sort", "Sort pictures into folders by what a model says."),
    "check": ("check", "Find copies, wrong labels and other faults of a dataset."),
    "evaluate": ("evaluate", "Measure how good a model is on labelled pictures."),
    "publish": ("publish", "Publish a model as a web page."),
    "export": ("export", "Write a model in a format that other programs read."),
    "download": ("download", "Download pictures from a list of addresses."),
    "project": ("project", "Save all datasets, models and trainings as one file, or load one."),
    "demo-data": ("demo_data", "Render a dataset of a simulated sky to try things out."),
}


class _LazyGroup(click.Group):
    """A group of commands in modules of their own, imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in SUBCOMMANDS:
            return None
        module, _ = SUBCOMMANDS[cmd_name]
        command: click.Command = importlib.import_module(f"cluster_core.{module}").main
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        # The base class would import every command for its help.
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in SUBCOMMANDS.items()])


@click.group(cls=_LazyGroup)
@click.version_option(__version__, prog_name="Cluster Lab")
def main() -> None:
    """Teach a computer to tell pictures apart, then label new ones.

    Each command explains its options with --help.
    """
