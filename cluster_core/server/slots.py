"""Places for the bodies of requests, so that a few slow clients cannot keep out all others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

RETRY_S = 5


class BusyError(Exception):
    """There is no place for a body; its sender may try again in `RETRY_S` seconds."""


@dataclass(frozen=True)
class SlotLimits:
    """How many bodies there are at once.

    Attributes
    ----------
    in_all, per_client : int
        Bodies that arrive, wait or are answered.
    large, large_per_client : int
        Large ones of these whose pictures are in memory; others wait unread.
    wait_s : float
        How long a large one waits.
    """

    in_all: int = 256
    per_client: int = 64
    large: int = 8
    large_per_client: int = 3
    wait_s: float = 60.0


class Slots:
    """The places of one server; used by its event loop only.

    Parameters
    ----------
    limits : SlotLimits
    """

    def __init__(self, limits: SlotLimits) -> None:
        self._limits = limits
        self._counts: Counter[str | None] = Counter()
        self._large = asyncio.Semaphore(limits.large)
        # A client's own is forgotten with its last request.
        self._large_of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def hold(self, client: str | None, *, is_large: bool) -> AsyncIterator[None]:
        """Hold a place while a body is received and answered.

        Parameters
        ----------
        client : str or None
            None for the owner's own programs, whose number is limited with all others only.
        is_large : bool
            Whether the body takes much memory.

        Raises
        ------
        BusyError
            There is no place.
        """
        with self._count(client):
            async with AsyncExitStack() as held:
                if is_large:
                    await self._wait(held, client)
                yield

    @contextmanager
    def _count(self, client: str | None) -> Iterator[None]:
        is_full = self._counts.total() >= self._limits.in_all
        if is_full or (client is not None and self._counts[client] >= self._limits.per_client):
            raise BusyError
        self._counts[client] += 1
        try:
            yield
        finally:
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]

    async def _wait(self, held: AsyncExitStack, client: str | None) -> None:
        try:
            async with asyncio.timeout(self._limits.wait_s):
                if client is not None:
                    new = asyncio.Semaphore(self._limits.large_per_client)
                    await held.enter_async_context(self._large_of.setdefault(client, new))
                await held.enter_async_context(self._large)
        except TimeoutError:
            raise BusyError from None
