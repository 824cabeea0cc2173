"""Use fewer threads while other programs need the cores of a shared machine."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import torch

CHECK_STEPS = 3
RETRY_S = 90.0
STALLED_SHARE = 0.4


@dataclass
class Pace:
    """Adapts PyTorch's number of threads to the speed of the training steps.

    Threads that wait for each other stall when one of them loses its core, and are then far
    slower than a single thread. If the steps slow down to less than `STALLED_SHARE` of the
    best rate, one thread is used for `RETRY_S` seconds.

    Attributes
    ----------
    max_threads : int
        Number of threads while the cores are free.
    """

    max_threads: int
    _best_rate: float = 0.0
    _steps: int = 0
    _since: float = field(default_factory=time.monotonic)
    _retry_at: float = 0.0

    def __post_init__(self) -> None:
        torch.set_num_threads(self.max_threads)

    def step(self) -> None:
        """Record a finished step, and adapt the number of threads every `CHECK_STEPS` steps."""
        self._steps += 1
        if self._steps < CHECK_STEPS:
            return
        now = time.monotonic()
        rate = self._steps / (now - self._since)
        self._steps, self._since = 0, now
        if torch.get_num_threads() < self.max_threads:
            if now > self._retry_at:
                torch.set_num_threads(self.max_threads)
        elif rate < STALLED_SHARE * self._best_rate:
            torch.set_num_threads(1)
            self._retry_at = now + RETRY_S
        self._best_rate = max(self._best_rate, rate)
