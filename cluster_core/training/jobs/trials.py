"""What is asked of the worker between trainings: how one would go."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig


@dataclass
class PreviewRequest:
    """A preview that somebody waits for.

    Attributes
    ----------
    config : TrainConfig
        What is tried.
    is_over : threading.Event
        Set when there is an answer.
    is_wanted : bool
        Whether somebody still waits.
    evaluations : tuple of Evaluation or None
        The answer; None where there is none to be had.
    """

    config: TrainConfig
    is_over: threading.Event = field(default_factory=threading.Event)
    is_wanted: bool = True
    evaluations: tuple[Evaluation, ...] | None = None

    def take(self, rows: Sequence[Sequence[Any]] | None) -> None:
        """Take the worker's answer: the values of each evaluation, or None."""
        if rows is not None:
            self.evaluations = tuple(Evaluation(*row) for row in rows)
        self.is_over.set()
