"""Names of stages and networks, shares, durations and times, as shown on the pages."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from cluster_core.model.backbones.registry import EVERYDAY_BACKBONE, SKY_BACKBONE
from cluster_core.training.config import AUTOMATIC
from cluster_core.training.events import Stage

# Shorter durations are shown with one decimal.
_SHORT_S = 9.95
_MINUTE_S = 60
_HOUR_S = 3600
# Names shown instead of those that runs record and commands take.
_STAGES = {Stage.BOTTLENECKS: "Looking at the pictures"}
_NETWORKS = {
    AUTOMATIC: "Automatic",
    SKY_BACKBONE.name: "Sky",
    EVERYDAY_BACKBONE.name: "Everyday",
    "mobilenet_v2": "MobileNet V2",
    "mobilenet_v3_small": "MobileNet V3 small",
    "mobilenet_v3_large": "MobileNet V3 large",
    "efficientnet_v2_b0": "EfficientNet V2",
    "inception_v3": "Inception v3",
    "resnet50": "ResNet 50",
    "convnext_tiny": "ConvNeXt Tiny",
}
_MOBILENET = re.compile(r"mobilenet_(?P<width>[01]\.\d+)_(?P<size>\d+)")


def number_duplicates(names: Sequence[str]) -> list[str]:
    """Return the names with a number after each duplicate.

    Streamlit identifies the options of a select box by their text, so that choosing any of
    several equal options would select the first.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    list of str
        As many as `names`, in the same order, for example ``["a (1)", "b", "a (2)"]``.
    """
    return [
        f"{name} ({names[: position + 1].count(name)})" if names.count(name) > 1 else name
        for position, name in enumerate(names)
    ]


def name_stage(stage: str) -> str:
    """Return the name to show for a stage of a training."""
    return _STAGES.get(stage, str(stage))  # type: ignore[call-overload]


def name_network(architecture: str) -> str:
    """Return the name to show for a network."""
    mobilenet = _MOBILENET.fullmatch(architecture)
    if mobilenet:
        return f"MobileNet {mobilenet['width']}, {mobilenet['size']} px"
    return _NETWORKS.get(architecture, architecture)


def format_percent(share: float) -> str:
    """Return a share from 0 to 1 as a whole percentage."""
    return f"{100 * share:.0f}%"


def format_time(moment: str, *, seconds: bool = False) -> str:
    """Return a time in the visitor's time zone, with the date unless it is today.

    Parameters
    ----------
    moment : str
        ISO 8601, with a time zone.
    seconds : bool
        Whether to include seconds.
    """
    zone = UTC
    with contextlib.suppress(ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo(st.context.timezone or "UTC")  # type: ignore[assignment]
    local = datetime.fromisoformat(moment).astimezone(zone)
    clock = f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    return clock if local.date() == datetime.now(zone).date() else f"{local.day} {local:%b} {clock}"


def format_seconds(seconds: float) -> str:
    """Return a duration as seconds, minutes and seconds, or hours and minutes."""
    if seconds < _SHORT_S:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


def format_estimate(seconds: float) -> str:
    """Return an estimated duration, which is no better than to the second."""
    whole = max(1, round(seconds))
    return f"{whole} s" if whole < _MINUTE_S else format_seconds(whole)


def count_seconds(start: str, end: str | None) -> float:
    """Return the seconds between two times, at least 0.

    Parameters
    ----------
    start, end : str
        ISO 8601, with a time zone. Without an end, the current time is used.
    """
    last = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return max(0.0, (last - datetime.fromisoformat(start)).total_seconds())
