"""One case: its random numbers, its folder with a fresh workspace, and a log of its steps."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cluster_core.errors import ClusterError
from cluster_core.workspace import Workspace

T = TypeVar("T")


class FaultError(AssertionError):
    """Something that must not happen, in a sentence."""


@dataclass(frozen=True)
class CaseId:
    """What a case depends on.

    Attributes
    ----------
    area : str
        Name of the area, as in `areas.AREAS`.
    seed, number : int
        Equal seeds and numbers give the same case.
    """

    area: str
    seed: int
    number: int

    @property
    def command(self) -> str:
        """The command that repeats the case alone."""
        case = f"--seed {self.seed} --case {self.number}"
        return f"python -m tests.fuzz --only {self.area} {case}"


@dataclass
class Case:
    """A case while it runs.

    Attributes
    ----------
    id : CaseId
    folder : Path
        The case may write here, and nowhere else.
    sample : Path
        The workspace to start from.
    random : Random
        The source of all its choices.
    steps : list of str
        What was done so far, for the report of a failure.
    checks : int
        Number of calls whose outcome was checked.
    """

    id: CaseId
    folder: Path
    sample: Path
    random: random.Random = field(init=False)
    steps: list[str] = field(default_factory=list)
    checks: int = 0

    def __post_init__(self) -> None:
        # A str seeds in the same way in every process, a tuple would not.
        self.random = random.Random(f"{self.id.area} {self.id.seed} {self.id.number}")

    @property
    def workspace(self) -> Workspace:
        """The workspace of the case."""
        return Workspace(self.folder / "tf_files")

    def renew(self) -> None:
        """Start again with a fresh workspace and no steps."""
        self.steps = []
        shutil.rmtree(self.workspace.root, ignore_errors=True)
        shutil.copytree(self.sample, self.workspace.root, symlinks=True)

    def try_out(self, step: str, function: Callable[[], T]) -> T | ClusterError:
        """Call a function that may only return, or raise a ClusterError with a sentence.

        Raises
        ------
        Exception
            Whatever else the function raises.
        """
        self.steps.append(step)
        self.checks += 1
        try:
            answer: T | ClusterError = function()
        except ClusterError as error:
            answer = error
            if not str(error).strip().endswith("."):
                raise FaultError(f"The error is not a sentence: {error!r}") from error
        self.steps[-1] += f": {type(answer).__name__}"
        return answer
