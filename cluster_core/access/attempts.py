"""A limit of attempts to sign in, for each client and for all together."""

from __future__ import annotations

import threading
import time
from collections import deque

PER_CLIENT, IN_ALL = 5, 50
WINDOW_S = 900.0


class Attempts:
    """Attempts within the last quarter of an hour. Any thread may use it."""

    def __init__(self) -> None:
        self._times_s: deque[tuple[float, str]] = deque()
        self._lock = threading.Lock()

    def take(self, client: str) -> bool:
        """Count an attempt; return False, without counting it, if there were too many."""
        now_s = time.monotonic()
        with self._lock:
            while self._times_s and now_s - self._times_s[0][0] > WINDOW_S:
                self._times_s.popleft()
            n_own = sum(name == client for _, name in self._times_s)
            if n_own >= PER_CLIENT or len(self._times_s) >= IN_ALL:
                return False
            self._times_s.append((now_s, client))
            return True

    def forget(self, client: str) -> None:
        """Forget a client's attempts, after the right passphrase."""
        with self._lock:
            kept = [entry for entry in self._times_s if entry[1] != client]
            self._times_s = deque(kept)
