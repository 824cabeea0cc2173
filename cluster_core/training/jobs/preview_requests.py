"""Requests for a preview, passed from the page's thread to a worker through the supervisor."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cluster_core.model.head.settings import Evaluation
from cluster_core.training.config import TrainConfig


@dataclass
class PreviewRequest:
    """A preview that a page is waiting for.

    Attributes
    ----------
    config : TrainConfig
        Settings to preview.
    is_completed : threading.Event
        Set when the preview is ready or has been given up.
    is_wanted : bool
        Whether the page is still waiting.
    evaluations : tuple of Evaluation or None
        The preview's learning curve; None if there is none.
    """

    config: TrainConfig
    is_completed: threading.Event = field(default_factory=threading.Event)
    is_wanted: bool = True
    evaluations: tuple[Evaluation, ...] | None = None

    def complete(self, rows: Sequence[Sequence[Any]] | None) -> None:
        """Store the worker's reply and wake the waiting page.

        Parameters
        ----------
        rows : sequence of sequence or None
            The field values of each `Evaluation`, in order; None if there is no preview.
        """
        if rows is not None:
            self.evaluations = tuple(Evaluation(*row) for row in rows)
        self.is_completed.set()
