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


def check_class_name(name: str) -> str:
    """Return the name of a new class as it is stored, or say why it cannot be one.

    Returns
    -------
    str
        Without blanks around it, and with composed accents (NFC).

    Raises
    ------
    DatasetError
        It is empty, too long, or nothing that every file system takes as a folder.
    """
    raise NotImplementedError
