"""The catalogue of star clusters, nebulae and galaxies, by name and by place in the sky."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cluster_core.sky_names.designations import find_designations, simplify
from cluster_core.sky_names.position import SkyPosition, compute_separations

GLOBULAR_CLUSTER = "globular cluster"
OPEN_CLUSTER = "open cluster"
CATALOGUE_FILE = Path(__file__).parents[1] / "assets" / "catalogue.csv"
CLUSTERS = (GLOBULAR_CLUSTER, OPEN_CLUSTER)
_PLAIN_WORDS = frozenset({"pleiades", "hyades", "praesepe", "coathanger", "47tuc", "47tucanae"})
_MAX_WORDS = 4
_MIN_LETTERS = 5


@dataclass(frozen=True)
class CatalogueObject:
    """An object in the sky.

    Attributes
    ----------
    name : str
        As people know it best, such as "M 13", "NGC 869" or "47 Tuc".
    aliases : tuple of str
        Its other names.
    kind : str
        Such as "globular cluster", "open cluster" or "galaxy".
    ra_deg, dec_deg : float
        Its centre, ICRS.
    diameter_arcmin : float or None
        Its longer axis; None if unknown.
    """

    name: str
    aliases: tuple[str, ...]
    kind: str
    ra_deg: float
    dec_deg: float
    diameter_arcmin: float | None

    @property
    def is_cluster(self) -> bool:
        """Whether it is a globular or open cluster."""
        return self.kind in CLUSTERS


class Catalogue:
    """Objects in the sky, by name and by place.

    Parameters
    ----------
    objects : sequence of CatalogueObject
    """

    def __init__(self, objects: Sequence[CatalogueObject]) -> None:
        self.objects = tuple(objects)
        self._ras_deg = np.array([each.ra_deg for each in self.objects])
        self._decs_deg = np.array([each.dec_deg for each in self.objects])
        self._radii_deg = np.array([(each.diameter_arcmin or 0) / 120 for each in self.objects])
        # Where two objects share a name, the one listed first has it.
        self._by_name = {
            simplify(name): each
            for each in reversed(self.objects)
            for name in (*each.aliases, each.name)
        }

    def find(self, name: str) -> CatalogueObject | None:
        """Return the object of a name in any usual spelling, such as "messier 13", or None."""
        return self._by_name.get(simplify(name))

    def find_in(self, text: str) -> tuple[CatalogueObject, ...]:
        """Return the objects that a text names, such as a file name.

        Catalogue numbers count, and popular names of two words or more, such as "ring nebula"; of
        one word only a few, such as "Pleiades".
        """
        found = [self._by_name.get(key) for key in find_designations(text)]
        found += [self._by_name.get(phrase) for phrase in _list_phrases(text)]
        return tuple(dict.fromkeys(each for each in found if each is not None))

    def within(self, position: SkyPosition) -> tuple[CatalogueObject, ...]:
        """Return the objects whose centre is in a picture, nearest to the picture's centre first.

        Parameters
        ----------
        position : SkyPosition
            Where in the sky the picture is.
        """
        near = self.near(position.ra_deg, position.dec_deg, position.radius_deg)
        x, y = position.to_pixels([each.ra_deg for each in near], [each.dec_deg for each in near])
        inside = (np.abs(x - (position.width - 1) / 2) <= position.width / 2) & (
            np.abs(y - (position.height - 1) / 2) <= position.height / 2
        )
        return tuple(each for each, is_inside in zip(near, inside, strict=True) if is_inside)

    def near(self, ra_deg: float, dec_deg: float, radius_deg: float) -> tuple[CatalogueObject, ...]:
        """Return the objects up to an angle from a place in the sky, the nearest first."""
        away = compute_separations(ra_deg, dec_deg, self._ras_deg, self._decs_deg)
        return self._sort(away <= radius_deg, away)

    def around(self, position: SkyPosition) -> tuple[CatalogueObject, ...]:
        """Return the objects that are so large that the centre of a picture is inside them."""
        away = compute_separations(position.ra_deg, position.dec_deg, self._ras_deg, self._decs_deg)
        return self._sort(away < self._radii_deg, away)

    def _sort(
        self, chosen: NDArray[np.bool_], away: NDArray[np.float64]
    ) -> tuple[CatalogueObject, ...]:
        indices = np.flatnonzero(chosen)
        return tuple(self.objects[index] for index in indices[np.argsort(away[indices])])


def _list_phrases(text: str) -> Iterator[str]:
    """Yield runs of up to four words of a text, joined, that may be a popular name."""
    words = re.findall(r"[a-z]+|\d+", text.lower().replace("'", ""))
    for start in range(len(words)):
        for stop in range(start + 1, min(start + _MAX_WORDS, len(words)) + 1):
            phrase = "".join(words[start:stop])
            several = stop > start + 1 and len(phrase) >= _MIN_LETTERS and phrase.isalpha()
            if several or phrase in _PLAIN_WORDS:
                yield phrase


@functools.cache
def load_catalogue() -> Catalogue:
    """Load the catalogue that ships with the program; its sources are named beside it."""
    with CATALOGUE_FILE.open(encoding="utf-8", newline="") as stream:
        return Catalogue(
            [
                CatalogueObject(
                    name=row["name"],
                    aliases=tuple(filter(None, row["aliases"].split(";"))),
                    kind=row["kind"],
                    ra_deg=float(row["ra_deg"]),
                    dec_deg=float(row["dec_deg"]),
                    diameter_arcmin=float(row["diameter_arcmin"] or 0) or None,
                )
                for row in csv.DictReader(stream)
            ]
        )
