"""Give way on a shared machine: fewer threads while others need the cores."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import torch

CHECK_STEPS = 3
RETRY_S = 90.0
STALLED = 0.4


@dataclass
class Pace:
    """Watches how fast steps go by.

    Two threads that wait for each other stall when one loses its core, and are then far
    slower than one thread alone.

    Attributes
    ----------
    most_threads : int
        Threads to use while they pay.
    """

    most_threads: int
    _best: float = 0.0
    _steps: int = 0
    _since: float = field(default_factory=time.monotonic)
    _retry_at: float = 0.0

    def __post_init__(self) -> None:
        torch.set_num_threads(self.most_threads)

    def step(self) -> None:
        """Note that a step is done, and change the number of threads where that helps."""
        self._steps += 1
        if self._steps < CHECK_STEPS:
            return
        now = time.monotonic()
        rate = self._steps / (now - self._since)
        self._steps, self._since = 0, now
        if torch.get_num_threads() < self.most_threads:
            if now > self._retry_at:
                torch.set_num_threads(self.most_threads)
        elif rate < STALLED * self._best:
            torch.set_num_threads(1)
            self._retry_at = now + RETRY_S
        self._best = max(self._best, rate)
