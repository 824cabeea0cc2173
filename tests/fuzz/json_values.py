"""Strategies for JSON records in which any field has any value."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[str | int, ...]

# Values that once broke a program, or look as if they could.
_HOSTILE = (
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30T00:00:00+00:00"),
    *("../../outside", "/etc/passwd", "a\0b", "a\nb", "\ud800", "\u202egnp", "x" * 10_000, "NaN"),
    *(10**400, -(10**400), 2**63, -1, 1e308, 5e-324),
    *([], {}, [[[]]], {"": None}, [None, None]),
)
# A few characters of each kind: for all of Unicode, hypothesis would have to make large tables.
_text = st.text("aZ09 ._-/\\:\n\0\u00e9\u202e\u200b\ud800\U0001f600", max_size=20)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _text | st.sampled_from(_HOSTILE),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=8,
)
# Text that is not JSON, or is JSON no parser likes.
_BROKEN_TEXTS = ("", "null", "[" * 3_000, "1" * 5_000, '{"a":', '"\\ud800"', "\ufeff{}", "NaN")


@st.composite
def make_damaged_texts(draw: st.DrawFn, text: str) -> str:
    """Draw variants of a JSON text, or of lines of JSON: up to 3 fields have other values."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(_BROKEN_TEXTS))
    try:
        return json.dumps(_damage(draw, json.loads(text)))
    except ValueError:
        lines = [json.loads(line) for line in text.splitlines() if line] or [None]
        return "".join(json.dumps(_damage(draw, line)) + "\n" for line in lines)


def _damage(draw: st.DrawFn, record: Any) -> Any:
    record = copy.deepcopy(record)
    for _ in range(draw(st.integers(1, 3))):
        places = list(_list_places(record))
        if not places:
            return _draw_value(draw)
        *way, last = draw(st.sampled_from(places))
        parent = record
        for step in way:
            parent = parent[step]
        change = draw(st.sampled_from(("replace", "replace", "replace", "delete", "add")))
        if change == "delete":
            del parent[last]
        elif change == "add" and isinstance(parent, dict):
            parent[draw(_text)] = _draw_value(draw)
        else:
            parent[last] = _draw_value(draw)
    return record


def _draw_value(draw: st.DrawFn) -> Any:
    """Draw a value of its own: a sampled list or dict would be shared, and could contain itself."""
    return copy.deepcopy(draw(_values))


def _list_places(record: Any, way: Path = ()) -> Iterator[Path]:
    """Yield the way to every field and list item, at any depth."""
    if isinstance(record, dict):
        inner = list(record.items())
    elif isinstance(record, list):
        inner = list(enumerate(record))
    else:
        return
    for key, value in inner:
        yield (*way, key)
        yield from _list_places(value, (*way, key))
