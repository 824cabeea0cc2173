"""The catalogue of star clusters, nebulae and galaxies, by name and by place in the sky."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cluster_core.sky_names.designations import find_designations, simplify
from cluster_core.sky_names.plane import compute_separations
from cluster_core.sky_names.position import SkyPosition

GLOBULAR_CLUSTER = "globular cluster"
OPEN_CLUSTER = "open cluster"
CATALOGUE_FILE = Path(__file__).parents[1] / "assets" / "catalogue.csv"
CLUSTERS = (GLOBULAR_CLUSTER, OPEN_CLUSTER)
_WORD = re.compile(r"[a-z]+|\d+")
_SHORT_NAMES = frozenset(
    {("pleiades",), ("hyades",), ("praesepe",), ("coathanger",), ("47", "tuc"), ("47", "tucanae")}
)
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
        self._by_name: dict[str, CatalogueObject] = {}
        self._by_first_word: dict[str, dict[tuple[str, ...], CatalogueObject]] = {}
        for each in self.objects:
            for name in (each.name, *each.aliases):
                self._by_name.setdefault(simplify(name), each)
                words = _split_words(name)
                if _is_popular(words):
                    phrases = self._by_first_word.setdefault(words[0], {})
                    phrases.setdefault(words, each)

    def find(self, name: str) -> CatalogueObject | None:
        """Return the object of a name in any usual spelling, such as "messier 13", or None."""
        return self._by_name.get(simplify(name))

    def find_in(self, text: str) -> tuple[CatalogueObject, ...]:
        """Return the objects that a text names, such as a file name: by number, or as popular."""
        numbered = (self._by_name.get(key) for key in find_designations(text))
        found = [each for each in numbered if each is not None]
        return tuple(dict.fromkeys([*found, *self.find_popular(text)]))

    def find_popular(self, text: str) -> list[CatalogueObject]:
        """Return the objects whose popular name is in a text, such as "ring nebula".

        Names of one word do not count, but for a few, such as "Pleiades".
        """
        words = _split_words(text)
        return [
            each
            for start, word in enumerate(words)
            for phrase, each in self._by_first_word.get(word, {}).items()
            if words[start : start + len(phrase)] == phrase
        ]

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


def _split_words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.lower().replace("'", "")))


def _is_popular(words: tuple[str, ...]) -> bool:
    """Return whether a name is distinct enough to find in a text: "ring nebula", not "h per"."""
    if words in _SHORT_NAMES:
        return True
    return len(words) > 1 and all(map(str.isalpha, words)) and sum(map(len, words)) >= _MIN_LETTERS


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
