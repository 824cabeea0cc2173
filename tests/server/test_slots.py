"""Places for the bodies of requests."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from cluster_core.server.slots import BusyError, SlotLimits, Slots


def test_client_has_a_part_of_the_places_and_others_the_rest():
    async def check() -> None:
        slots = Slots(SlotLimits(in_all=3, per_client=2))
        async with AsyncExitStack() as held:
            for client in ("a", "a", "b"):
                if client == "b":
                    with pytest.raises(BusyError):
                        await held.enter_async_context(slots.hold("a", is_large=False))
                await held.enter_async_context(slots.hold(client, is_large=False))
            with pytest.raises(BusyError):
                await held.enter_async_context(slots.hold(None, is_large=False))
        assert not slots._counts  # nothing is kept of those who left

    asyncio.run(check())


def test_large_bodies_of_one_client_leave_room_for_another():
    async def check() -> None:
        slots = Slots(SlotLimits(large=2, large_per_client=1, wait_s=0.05))
        async with slots.hold("a", is_large=True):
            with pytest.raises(BusyError):
                async with slots.hold("a", is_large=True):
                    pass
            async with slots.hold("b", is_large=True):
                pass
        async with slots.hold("a", is_large=True):
            pass

    asyncio.run(check())
