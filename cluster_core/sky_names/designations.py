"""Recognise catalogue numbers in a text: M13, NGC 104, Collinder 399."""

from __future__ import annotations

import re

# Spellings and highest number of each catalogue. Short ones that file names often contain for
# other reasons (tr, be, c, b) are left out, and so are the file type CR2, numbered files (m_1) and
# numbered photos (stock_2).
_CATALOGUES = {
    "m": ("messier|m(?!_)", 110),
    "ngc": ("ngc", 7840),
    "ic": ("ic", 5386),
    "mel": ("melotte|mel", 245),
    "cr": (r"collinder|cr(?![23](?!\d))", 471),
    "tr": ("trumpler", 37),
    "be": ("berkeley", 104),
    "pal": ("palomar|pal", 15),
    "terzan": ("terzan", 12),
    "caldwell": ("caldwell", 109),
    "abell": ("abell", 4076),
    "barnard": ("barnard", 370),
    "arp": ("arp", 338),
    "ugc": ("ugc", 12921),
    "stock": ("(?-i:Stock)(?=[ -])", 24),
    "king": ("(?-i:King)(?=[ -])", 27),
    "sh2": (r"sh[ _-]?2(?=[ _-])", 313),
}
_NUMBERED = re.compile(
    "(?<![a-z0-9.])(?:"
    + "|".join(f"(?P<{name}>{spelling})" for name, (spelling, _) in _CATALOGUES.items())
    # No number goes on after it (M1.5), and no word follows (M3gan); a single letter may (M13b).
    + r")[ _-]?0*(?P<number>[1-9]\d{0,4})(?!\d|\.\d|[a-z]{2})",
    re.IGNORECASE,
)
_SHORT = {"c": "caldwell", "b": "barnard"}  # in the catalogue, but not looked for in file names


def find_designations(text: str) -> tuple[str, ...]:
    """Return the catalogue numbers in a text, such as a file name.

    Returns
    -------
    tuple of str
        In lower case without separators, such as "m13", "ngc104" or "sh2155".
    """
    found = []
    for match in _NUMBERED.finditer(text):
        catalogue = next(key for key in _CATALOGUES if match[key])
        number = int(match["number"])
        if number <= _CATALOGUES[catalogue][1]:
            found.append(f"{catalogue}{number}")
    return tuple(found)


def simplify(name: str) -> str:
    """Reduce a name to what all its spellings share: "NGC 0104" to "ngc104".

    A catalogue number gets the form of `find_designations`; of other names, letters and digits
    remain in lower case.
    """
    designation = _NUMBERED.fullmatch(name.strip())
    if designation and (found := find_designations(name)):
        return found[0]
    plain = "".join(character for character in name.lower() if character.isalnum())
    match = re.fullmatch(r"([a-z]+)0*([1-9]\d*|0)", plain)
    return _SHORT.get(match[1], match[1]) + match[2] if match else plain
