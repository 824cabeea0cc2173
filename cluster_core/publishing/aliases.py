"""Aliases: the readable names of published models, as they appear in a link."""

from __future__ import annotations

import re
import unicodedata

from cluster_core.errors import PublishError

MAX_ALIAS_LENGTH = 60
# The number in brackets is added by Undo, if another model took the alias in the meantime.
_ALIAS = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*( \(\d+\))?")
_CONTENT_ID = re.compile(r"[0-9a-f]{16}")
_FALLBACK = "model"


def make_alias(title: str) -> str:
    """Return an alias for a title: lower-case letters without accents, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    alias = re.sub(r"[^a-z0-9]+", "-", plain)[:MAX_ALIAS_LENGTH].strip("-")
    return alias if is_alias(alias) else _FALLBACK


def is_alias(text: str) -> bool:
    """Tell whether a text can be an alias. One that looks like a content id cannot."""
    is_short = len(text) <= MAX_ALIAS_LENGTH
    return is_short and bool(_ALIAS.fullmatch(text)) and not is_content_id(text)


def is_content_id(text: str) -> bool:
    """Tell whether a text has the form of a content id: 16 hexadecimal digits."""
    return bool(_CONTENT_ID.fullmatch(text))


def check_alias(alias: str) -> str:
    """Return the alias.

    Raises
    ------
    PublishError
        It cannot be part of a link.
    """
    if not is_alias(alias):
        raise PublishError(
            f"The name {alias[:MAX_ALIAS_LENGTH]!r} cannot be part of a link: use lower-case "
            f"letters a to z, digits and single hyphens, at most {MAX_ALIAS_LENGTH}.",
            alias=alias,
        )
    return alias
