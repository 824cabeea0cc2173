"""Recognise the objects in the sky that file names name."""

from __future__ import annotations

from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.designations import find_designations, simplify


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
