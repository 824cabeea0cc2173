"""Run a command in this process, and check how it ends."""

from __future__ import annotations

import os
from collections.abc import Sequence

import click
from click.testing import CliRunner, Result

from cluster_core.workspace import ROOT_VARIABLE
from tests.fuzz.case import Case, FaultError

EXITS = (0, 1, 2)
APOLOGY = "went wrong on our side"


def run_command(case: Case, command: click.Command, arguments: Sequence[str]) -> Result:
    """Run a command on the workspace of a case.

    Raises
    ------
    FaultError
        It ended with another exit code than 0, 1 or 2, or 1 without one line that says why.
    Exception
        Whatever the command did not catch.
    """
    step = " ".join([str(command.name), *arguments])
    case.steps.append(step)
    case.checks += 1
    os.environ[ROOT_VARIABLE] = str(case.workspace.root)
    result = CliRunner().invoke(command, list(arguments))
    case.steps[-1] += f": exit {result.exit_code}"
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    check_ending(result.exit_code, result.stderr)
    return result


def check_ending(exit_code: int, stderr: str) -> None:
    """Raise FaultError unless a command ended as it should."""
    lines = stderr.strip().splitlines() or [""]
    if exit_code not in EXITS or "Traceback" in stderr or APOLOGY in stderr:
        raise FaultError(f"The command ended with {exit_code} and: {stderr[-2000:]}")
    if exit_code == 1 and not lines[-1].startswith("Error: "):
        raise FaultError(f"The last line of an error is {lines[-1]!r}.")
