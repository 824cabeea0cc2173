"""Words of others, shown as they are."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>()#!|~$:&]|^[-+]|(?<=\d)\.(?=\s)")


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows letter for letter, in one line: a label may be `*`.

    Lines are joined, and blanks before the first word dropped, as these begin lists and code.
    """
    return _MARKDOWN.sub(r"\\\g<0>", " ".join(text.split()))
