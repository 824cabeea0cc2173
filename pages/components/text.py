"""Escape text from users and files before it is drawn as Markdown."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#!|~$:&]|^[-+]|(?<=\d)\.(?=\s)")


def escape_markdown(text: str) -> str:
    """Escape text so that Markdown shows it literally, on one line.

    Line breaks and leading spaces are removed, because they can start lists and code blocks.
    """
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
