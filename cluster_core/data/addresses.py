"""Addresses on the web: how a list of them is read, and which of them may be asked."""

from __future__ import annotations


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a list, one a line, each once and in the order of the list.

    Blank lines are passed over, and so are comments, which begin with #.
    """
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))
