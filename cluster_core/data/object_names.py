"""Recognise the catalogue names of objects in the sky in file names: M13, NGC 104, 47 Tuc."""

from __future__ import annotations

import re

# Spellings and highest number of each catalogue. Short ones that file names often contain for
# other reasons (tr, c, b) are left out, and so is the file type CR2.
_CATALOGUES = {
    "m": ("messier|m", 110),
    "ngc": ("ngc", 7840),
    "ic": ("ic", 5386),
    "mel": ("melotte|mel", 245),
    "cr": (r"collinder|cr(?![23](?!\d))", 471),
    "tr": ("trumpler", 37),
    "be": ("berkeley", 104),
    "pal": ("palomar", 15),
    "terzan": ("terzan", 12),
    "caldwell": ("caldwell", 109),
    "abell": ("abell", 4076),
    "barnard": ("barnard", 370),
    "arp": ("arp", 338),
    "ugc": ("ugc", 12921),
    "sh2": (r"sh[ _-]?2(?=[ _-])", 313),
}
_NUMBERED = re.compile(
    "(?<![a-z0-9.])(?:"
    + "|".join(f"(?P<{name}>{spelling})" for name, (spelling, _) in _CATALOGUES.items())
    # No number goes on after it (M1.5), and no word follows (M3gan); a single letter may (M13b).
    + r")[ _-]?0*(?P<number>[1-9]\d{0,4})(?!\d|\.\d|[a-z]{2})",
    re.IGNORECASE,
)
_NAMED = {
    "ngc104": re.compile(r"(?<!\d)47[ _-]?tuc(?:anae)?(?![a-z])", re.IGNORECASE),
    "ngc5139": re.compile(r"(?<![a-z])omega[ _-]?cen(?:tauri)?(?![a-z])", re.IGNORECASE),
}
# NGC numbers of M1, M2, ...; 0 for those that are in no NGC.
_NGC_OF_MESSIER = (
    *(1952, 7089, 5272, 6121, 5904, 6405, 6475, 6523, 6333, 6254, 6705, 6218, 6205, 6402, 7078),
    *(6611, 6618, 6613, 6273, 6514, 6531, 6656, 6494, 0, 0, 6694, 6853, 6626, 6913, 7099, 224),
    *(221, 598, 1039, 2168, 1960, 2099, 1912, 7092, 0, 2287, 1976, 1982, 2632, 0, 2437, 2422),
    *(2548, 4472, 2323, 5194, 7654, 5024, 6715, 6809, 6779, 6720, 4579, 4621, 4649, 4303, 6266),
    *(5055, 4826, 3623, 3627, 2682, 4590, 6637, 6681, 6838, 6981, 6994, 628, 6864, 650, 1068),
    *(2068, 1904, 6093, 3031, 3034, 5236, 4374, 4382, 4406, 4486, 4501, 4552, 4569, 4548, 6341),
    *(2447, 4736, 3351, 3368, 3587, 4192, 4254, 4321, 5457, 5866, 581, 4594, 3379, 4258, 6171),
    *(3556, 3992, 205),
)
_SAME = {
    **{f"m{m}": f"ngc{ngc}" for m, ngc in enumerate(_NGC_OF_MESSIER, start=1) if ngc},
    **{"m24": "ic4715", "m25": "ic4725", "mel22": "m45"},
}


def find_objects(name: str) -> tuple[str, ...]:
    """Return the objects in the sky that a file name names.

    Parameters
    ----------
    name : str
        A file name, with or without its ending.

    Returns
    -------
    tuple of str
        One name per object, such as "ngc6205" for M13, in the order of the catalogues. Objects
        of Messier's catalogue have the same name as in the NGC.
    """
    found = []
    for match in _NUMBERED.finditer(name):
        catalogue = next(key for key in _CATALOGUES if match[key])
        number = int(match["number"])
        if number <= _CATALOGUES[catalogue][1]:
            found.append(f"{catalogue}{number}")
    found += [key for key, pattern in _NAMED.items() if pattern.search(name)]
    return tuple(dict.fromkeys(_SAME.get(key, key) for key in found))
