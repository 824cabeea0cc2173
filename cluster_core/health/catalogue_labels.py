"""Find pictures in a class of one kind of clusters that show an object of the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cluster_core.data.index import Picture
from cluster_core.health.findings import Finding, FindingKind
from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.file_names import name_objects
from cluster_core.sky_names.words import find_kind


def find_catalogue_contradictions(
    pictures: Sequence[Picture], solved: Mapping[str, str]
) -> list[Finding]:
    """Return the labels that the catalogue of the sky contradicts.

    A class counts as one of globular or of open clusters if its name says so. An object is known
    by a picture's header, by plate solving, or by the file name if that names a single one.

    Parameters
    ----------
    pictures : sequence of Picture
    solved : mapping of str to str
        Objects by plate solving; see `find_solved_objects`.

    Returns
    -------
    list of Finding
        Of measure 1, with the class that is named after the object's kind, if there is one.
    """
    kinds = {label: find_kind(label) for label in dict.fromkeys(one.label for one in pictures)}
    if not any(kinds.values()):
        return []
    found = []
    for picture in pictures:
        kind = kinds[picture.label]
        shown, how = _find_object(picture, solved.get(picture.sha256))
        if kind is None or shown is None or not shown.is_cluster or shown.kind == kind:
            continue
        named = [label for label, its_kind in kinds.items() if its_kind == shown.kind]
        article = "an" if shown.kind.startswith("o") else "a"
        sentence = (
            f"{picture.path.name} is in {picture.label}, but {how} {shown.name}, {article} "
            f"{shown.kind}."
        )
        suggested = named[0] if len(named) == 1 else None
        found.append(Finding(FindingKind.WRONG_LABEL, (picture,), sentence, 1.0, suggested))
    return found


def _find_object(picture: Picture, solved: str | None) -> tuple[CatalogueObject | None, str]:
    if known := picture.sky_object or solved:
        return load_catalogue().find(known), "shows"
    objects = name_objects(picture.path.stem)
    return (objects[0] if len(objects) == 1 else None), "is named after"
