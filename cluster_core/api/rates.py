"""Limit how many pictures a key or client may have labelled (token buckets, in memory)."""

from __future__ import annotations

import math
import os
import re
import threading
import time
from collections.abc import Callable

from cluster_core.errors import ConfigError

RATE_VARIABLE = "CLUSTER_LAB_API_PER_MINUTE"
DEFAULT_PER_MINUTE = 300
_MAX_PER_MINUTE = 1_000_000
_MAX_CLIENTS = 10_000


class RateLimit:
    """A bucket of tokens for each client, which come back with time. Safe to share by threads.

    A bucket holds the tokens of one minute. A request takes one, and one more for each further
    picture. It may take more than are left, and then the next one waits until the debt is paid:
    how many pictures a request has is known only at its end.

    Parameters
    ----------
    per_minute : int
        Tokens that come back in a minute; 0 for no limit.
    now : callable
        A clock in seconds that never goes back.
    """

    def __init__(self, per_minute: int, now: Callable[[], float] = time.monotonic) -> None:
        self._capacity = float(per_minute)
        self._per_second = per_minute / 60
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

    def spend(self, client: str, n_tokens: int) -> None:
        """Take tokens from a client, even if it has fewer."""
        if self._capacity and n_tokens:
            with self._lock:
                self._take(client, n_tokens)

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


def read_rate() -> int:
    """Return the pictures a minute that CLUSTER_LAB_API_PER_MINUTE allows, or the default.

    Raises
    ------
    ConfigError
        The variable is not a whole number from 0.
    """
    text = os.environ.get(RATE_VARIABLE, str(DEFAULT_PER_MINUTE))
    if not re.fullmatch("[0-9]{1,7}", text) or int(text) > _MAX_PER_MINUTE:
        raise ConfigError(
            f"{RATE_VARIABLE} must be a whole number from 0, which is no limit, to "
            f"{_MAX_PER_MINUTE:,}, not {text!r}.",
            field=RATE_VARIABLE,
            received=text,
            allowed=f"0 to {_MAX_PER_MINUTE}",
        )
    return int(text)
