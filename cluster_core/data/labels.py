"""Rules for names of classes, and of other folders that users create."""

from __future__ import annotations

import unicodedata
from pathlib import Path

from cluster_core.errors import DatasetError

MAX_CHARACTERS = 100
# File systems allow 255; temporary names made from a folder's name are longer than the name.
MAX_BYTES = 200
FORBIDDEN_CHARACTERS = frozenset('<>:"/\\|?*')
# Zero-width joiners combine letters or emoji; Persian, for example, needs them.
JOINERS = frozenset("\u200c\u200d")
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789¹²³"}
)
_MAX_SHOWN = 40


def find_label_problem(label: str) -> str | None:
    """Say what keeps a class name from being one line of text; None if nothing does.

    Returns
    -------
    str or None
        A noun phrase such as "a line break".
    """
    if label.splitlines() != [label]:
        return "a line break"
    if any(unicodedata.category(character) == "Cc" for character in label):
        return "a control character"
    try:
        label.encode()
    except UnicodeEncodeError:  # bytes of an old encoding, decoded by Python as surrogates
        return "bytes that are not UTF-8"
    return None


def check_class_name(name: str) -> str:
    """Check the name of a new class, and return it as it is stored.

    Returns
    -------
    str
        The name without spaces around it, in Unicode normal form NFC.

    Raises
    ------
    DatasetError
        The name is empty, too long, or not valid on every file system.
    """
    return check_folder_name(name, "class")


def check_folder_name(name: str, what: str) -> str:
    """Check the name of a new folder, and return it as it is stored.

    Parameters
    ----------
    name : str
        The name a user entered.
    what : str
        What the folder is for, such as "class", for the message.

    Returns
    -------
    str
        The name without spaces around it, in Unicode normal form NFC.

    Raises
    ------
    DatasetError
        The name is empty, too long, or not valid on every file system.
    """
    stored = unicodedata.normalize("NFC", name).strip()
    if problem := find_folder_name_problem(stored):
        raise DatasetError(
            f"A {what} cannot be called {shorten(name)}, because this name {problem}: choose a "
            "name such as open clusters.",
            path=Path(),
            label=name,
        )
    return stored


def find_folder_name_problem(name: str) -> str | None:
    """Say why a name is not valid for a folder on every file system; None if it is.

    Returns
    -------
    str or None
        A predicate such as "begins with a dot".
    """
    in_line = find_label_problem(name)
    forbidden = next((c for c in name if c in FORBIDDEN_CHARACTERS), None)
    is_visible = any(unicodedata.category(character)[0] in "LNSP" for character in name)
    n_bytes = len(name.encode("utf-8", "surrogatepass"))
    problems = (
        (not is_visible, "is empty"),
        (in_line, f"contains {in_line}"),
        (any(map(is_invisible, name)), "contains an invisible character, which can mislead"),
        (forbidden, f"contains the character {forbidden}, which some disks cannot store"),
        (name.startswith("."), "begins with a dot, which hides the folder"),
        (name != name.strip() or name.endswith("."), "begins or ends with a space or a dot"),
        (is_device_name(name), "is reserved by Windows"),
        (
            len(name) > MAX_CHARACTERS or n_bytes > MAX_BYTES,
            f"is longer than {MAX_CHARACTERS} characters or {MAX_BYTES} bytes",
        ),
    )
    return next((problem for is_found, problem in problems if is_found), None)


def is_invisible(character: str) -> bool:
    """Tell whether a character is invisible, or changes the text direction around it."""
    return unicodedata.category(character) == "Cf" and character not in JOINERS


def is_device_name(name: str) -> bool:
    """Tell whether Windows reserves a name, up to its first dot, for a device."""
    return name.split(".", maxsplit=1)[0].strip().casefold() in _DEVICES


def fold_name(name: str) -> str:
    """Return a key that is equal for names which some file systems treat as the same."""
    return unicodedata.normalize("NFC", name).casefold()


def shorten(name: str) -> str:
    """Return a printable form of a name: in quotes, escaped, and shortened to 40 characters."""
    return repr(name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…")
