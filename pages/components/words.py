"""Times and accuracies as people say them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from cluster_core.evaluation.intervals import compute_wilson_interval

# Shorter ones are told with a decimal.
SHORT_S = 9.95
MINUTE_S = 60
HOUR_S = 3600


def describe_accuracy(n_right: int, n: int) -> str:
    """Return a test's outcome in words: how many were right, and what is plausible elsewhere."""
    if not n:
        return "Not tested: no pictures were kept for the final test."
    low, high = compute_wilson_interval(n_right, n)
    return f"{n_right} of {n} right; between {low:.0%} and {high:.0%} is plausible.".replace(
        "%", " %"
    )


def number_duplicates(names: Sequence[str]) -> list[str]:
    """Return names of which no two are the same: a repeated one gets a number.

    A choice among equal names would be taken for the first of them.
    """
    return [
        f"{name} ({names[: at + 1].count(name)})" if names.count(name) > 1 else name
        for at, name in enumerate(names)
    ]


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 in percent, without a decimal that would say nothing."""
    return f"{100 * share:.0f} %"


def format_time(moment: str, *, seconds: bool = False) -> str:
    """Return a moment, ISO 8601, as a clock shows it where the visitor is."""
    zone = UTC
    with contextlib.suppress(ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(st.context.timezone or "UTC")  # type: ignore[assignment]
    local = datetime.fromisoformat(moment).astimezone(zone)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return clock if local.date() == datetime.now(zone).date() else f"{local.day} {local:%b} {clock}"


def format_seconds(seconds: float) -> str:
    """Return a duration in the unit that suits it."""
    if seconds < SHORT_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S} min"


def count_seconds(begin: str, end: str | None) -> float:
    """Return the seconds between two moments, ISO 8601; until now where there is no end."""
    last = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return max(0.0, (last - datetime.fromisoformat(begin)).total_seconds())
