"""What the name of a class, or of any folder made for a visitor, may be made of."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from cluster_core.errors import DatasetError

MAX_CHARACTERS = 100
# A file system takes 255; what is written beside a folder before it is put in place is longer.
MAX_BYTES = 200
FORBIDDEN_CHARACTERS = frozenset('<>:"/\\|?*')
# They join letters to one shape and emoji to one picture: Persian cannot be written without.
JOINERS = frozenset("\u200c\u200d")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_MAX_SHOWN = 40


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
    return check_folder_name(name, "class")


def check_folder_name(name: str, what: str) -> str:
    """Return the name of a new folder for `what`, in the singular; see `check_class_name`."""
    stored = unicodedata.normalize("NFC", name).strip()
    if problem := find_folder_name_problem(stored):
        raise DatasetError(
            f"A {what} cannot be called {shorten(name)}, because that {problem}: choose a name "
            "such as open clusters.",
            path=Path(),
            label=name,
        )
    return stored


def find_folder_name_problem(name: str) -> str | None:
    """Say why a name is not one that every file system takes as a folder; None if it is."""
    in_line = find_label_problem(name)
    forbidden = next((c for c in name if c in FORBIDDEN_CHARACTERS), None)
    is_visible = any(unicodedata.category(character)[0] in "LNSP" for character in name)
    n_bytes = len(name.encode("utf-8", "surrogatepass"))
    problems = (
        (not is_visible, "is empty"),
        (in_line, f"has {in_line} in it"),
        (any(map(is_invisible, name)), "has an invisible character in it, which hides what it is"),
        (forbidden, f"has the character {forbidden} in it, which not every disk can store"),
        (name.startswith("."), "begins with a dot, which hides a folder"),
        (name != name.strip() or name.endswith("."), "begins or ends with a blank, or with a dot"),
        (is_device_name(name), "is a word that Windows keeps for itself"),
        (
            len(name) > MAX_CHARACTERS or n_bytes > MAX_BYTES,
            f"is longer than {MAX_CHARACTERS} letters or {MAX_BYTES} bytes",
        ),
    )
    return next((problem for is_found, problem in problems if is_found), None)


def is_invisible(character: str) -> bool:
    """Tell whether a character shows nothing, or turns the order of those around it."""
    return unicodedata.category(character) == "Cf" and character not in JOINERS


def is_device_name(name: str) -> bool:
    """Tell whether Windows takes a name for a device, whatever follows its first dot."""
    return name.split(".", maxsplit=1)[0].strip().casefold() in _DEVICES


def fold_name(name: str) -> str:
    """Return what two names have in common that some file systems cannot tell apart."""
    return unicodedata.normalize("NFC", name).casefold()


def shorten(name: str) -> str:
    """Write a name in quotes, cut where it is long, whatever characters it has."""
    return repr(name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…")
