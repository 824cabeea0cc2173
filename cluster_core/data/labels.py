"""What the name of a class may be made of."""

from __future__ import annotations

import unicodedata


def find_label_problem(label: str) -> str | None:
    """Say what in a class name cannot be stored or shown as one line of text; None if nothing."""
    if label.splitlines() != [label]:
        return "a line break"
    if any(unicodedata.category(character) == "Cc" for character in label):
        return "a control character"
    try:
        label.encode()
    except UnicodeEncodeError:  # bytes of an old encoding, which Python shows as surrogates
        return "bytes that are not UTF-8"
    return None
