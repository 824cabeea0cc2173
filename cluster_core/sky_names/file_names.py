"""Recognise the objects in the sky that file names name."""

from __future__ import annotations

import re

from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.designations import find_designations, simplify

# The Canon EOS M50, and the processor of a MacBook.
_OTHER_NUMBERS = re.compile(
    r"(?:canon|eos)[ _-]*m[ _-]?\d+"
    r"|macbook[ _-]*(?:(?:air|pro)[ _-]*)?m[ _-]?\d+"
    r"|m[ _-]?\d+[ _-]*(?:(?:pro|max|ultra)[ _-]*)?macbook",
    re.IGNORECASE,
)
_CALIBRATION = re.compile(
    r"(?<![a-z])(?:master[ _-]?)?(?:bias(?:es)?|flats?|darks?(?![ _-]*(?:sk(?:y|ies)|site|neb)))"
    r"(?![a-z])",
    re.IGNORECASE,
)


def name_objects(name: str) -> tuple[CatalogueObject, ...]:
    """Return the objects that a picture shows by its file name.

    Unlike `find_objects`, which keeps the splits of earlier versions, it passes over numbers of
    cameras and computers, and over calibration frames: darks, flats and biases.

    Parameters
    ----------
    name : str
        A file name, with or without its ending.
    """
    if _CALIBRATION.search(name):
        return ()
    return load_catalogue().find_in(_OTHER_NUMBERS.sub(" ", name))


def find_objects(name: str) -> tuple[str, ...]:
    """Return the objects in the sky that a file name names.

    Parameters
    ----------
    name : str
        A file name, with or without its ending.

    Returns
    -------
    tuple of str
        One key per object, the same for all its names: "ngc6205" for M13. Numbers that the
        catalogue lacks are their own keys.
    """
    catalogue = load_catalogue()
    found = [
        key if (each := catalogue.find(key)) is None else get_key(each)
        for key in find_designations(name)
    ]
    found += map(get_key, catalogue.find_popular(name))
    return tuple(dict.fromkeys(found))


def get_key(each: CatalogueObject) -> str:
    """Return what identifies an object: its number in the NGC or IC, else its name, simplified."""
    names = (each.name, *each.aliases)
    general = next((name for name in names if name.startswith(("NGC ", "IC "))), each.name)
    return simplify(general)
