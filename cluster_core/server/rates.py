"""Limit how much each client may have (token buckets, in memory)."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

_MAX_CLIENTS = 10_000


class RateLimit:
    """A bucket of tokens for each client, which come back with time. Safe to share by threads.

    A request takes one token, and later those that it turns out to cost. It may take more than are
    left, and then the next one waits until the debt is paid: how many pictures or bytes a request
    has is known only at its end.

    Parameters
    ----------
    n_tokens : int
        Tokens that a full bucket holds, and that come back in a window; 0 for no limit.
    now : callable
        A clock in seconds that never goes back.
    window_s : float
        Seconds in which an empty bucket is full again.
    """

    def __init__(
        self, n_tokens: int, now: Callable[[], float] = time.monotonic, window_s: float = 60.0
    ) -> None:
        self._capacity = float(n_tokens)
        self._per_second = n_tokens / window_s
        self._now = now
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when they were counted
        self._lock = threading.Lock()

    def admit(self, client: str) -> int:
        """Take a token for a request, or return the whole seconds until there is one."""
        if not self._capacity:
            return 0
        with self._lock:
            tokens = self._count(client)
            if tokens < 1:
                return math.ceil((1 - tokens) / self._per_second)
            self._take(client, 1)
        return 0

    def spend(self, client: str, n_tokens: int) -> int:
        """Take tokens from a client, even if it has fewer.

        Returns
        -------
        int
            Whole seconds until the debt is paid; 0 if there is no debt.
        """
        if not self._capacity or not n_tokens:
            return 0
        with self._lock:
            self._take(client, n_tokens)
            return max(0, math.ceil(-self._count(client) / self._per_second))

    def _take(self, client: str, n_tokens: int) -> None:
        if len(self._buckets) >= _MAX_CLIENTS and client not in self._buckets:
            self._forget_full()
        self._buckets[client] = (self._count(client) - n_tokens, self._now())

    def _count(self, client: str) -> float:
        tokens, counted_s = self._buckets.get(client, (self._capacity, self._now()))
        return min(self._capacity, tokens + (self._now() - counted_s) * self._per_second)

    def _forget_full(self) -> None:
        """Forget the clients whose buckets are full again, or else the fuller half."""
        kept = {
            client: bucket
            for client, bucket in self._buckets.items()
            if self._count(client) < self._capacity
        }
        if len(kept) >= _MAX_CLIENTS:  # debts stay: else strangers could clear everybody's
            emptiest = sorted(kept, key=self._count)[: _MAX_CLIENTS // 2]
            kept = {client: kept[client] for client in emptiest}
        self._buckets = kept
