"""Words of others, shown as they are."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#!|~$:&]|^[-+]|(?<=\d)\.(?=\s)")


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows letter for letter: a label may be `*` or a link."""
    return _MARKDOWN.sub(r"\\\g<0>", text)
