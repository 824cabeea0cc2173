"""How slowly a body may arrive: a client that drips must not hold a place of others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Limits on the time that a body takes.

    Attributes
    ----------
    idle_s : float
        The longest pause, and the time after which a minimum rate applies.
    in_all_s : float
        The longest time for the whole body.
    min_bytes_per_s : float
        Mean rate since the start that a body must keep.
    """

    idle_s: float = 20.0
    in_all_s: float = 180.0
    min_bytes_per_s: float = 10_000.0

    def get_patience_s(self, elapsed_s: float, n_bytes: int) -> float:
        """Return how long to wait for the next part of a body; 0 or less if it is too slow.

        Parameters
        ----------
        elapsed_s : float
            Seconds since its start.
        n_bytes : int
            Bytes that have arrived.
        """
        allowed_s = min(self.in_all_s, self.idle_s + n_bytes / self.min_bytes_per_s)
        return min(self.idle_s, allowed_s - elapsed_s)
