"""Escape text from users and files before it is drawn as Markdown."""

from __future__ import annotations

import re

# No-break spaces stay: they keep a number beside its unit.
_SPACE = re.compile(r"[^\S\u00a0]+")
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#!|~$:&]|^[-+]|(?<=\d)\.(?=\s)")
# Where the server keeps the workspace of a visitor, which is nothing to them.
_VISITORS_FOLDER = re.compile(r"[^\s(\"']*/visitors/[0-9a-f]{32}/")


def escape_markdown(text: str) -> str:
    """Escape text so that Markdown shows it literally, on one line.

    Line breaks and leading spaces are removed, because they can start lists and code blocks. A path
    into the workspace of a visitor begins inside it.
    """
    shown = _VISITORS_FOLDER.sub("", _SPACE.sub(" ", text).strip())
    return _MARKDOWN.sub(r"\\\g<0>", shown)
