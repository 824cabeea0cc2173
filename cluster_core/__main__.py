"""Run the command line: `cluster-lab`, or `python -m cluster_core`."""

from cluster_core.cli import main as cli_main
from cluster_core.console import run_as_program


def main() -> None:
    """Run as a program."""
    run_as_program(cli_main)


if __name__ == "__main__":
    main()
