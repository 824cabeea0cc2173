"""`python -m cluster_core`."""

from cluster_core.cli import main
from cluster_core.console import run_as_program

run_as_program(main)
