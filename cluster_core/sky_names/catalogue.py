"""The catalogue of star clusters, nebulae and galaxies, by name and by place in the sky."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cluster_core.sky_names.position import SkyPosition, compute_separations

GLOBULAR_CLUSTER = "globular cluster"
OPEN_CLUSTER = "open cluster"
CLUSTERS = (GLOBULAR_CLUSTER, OPEN_CLUSTER)


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

    def find(self, name: str) -> CatalogueObject | None:
        """Return the object of a name, in any usual spelling, or None."""
        raise NotImplementedError

    def within(self, position: SkyPosition) -> tuple[CatalogueObject, ...]:
        """Return the objects whose centre is in a picture, nearest to the picture's centre first.

        Parameters
        ----------
        position : SkyPosition
            Where in the sky the picture is.
        """
        away = compute_separations(position.ra_deg, position.dec_deg, self._ras_deg, self._decs_deg)
        near = np.flatnonzero(away <= position.radius_deg)
        x, y = position.to_pixels(self._ras_deg[near], self._decs_deg[near])
        inside = (np.abs(x - (position.width - 1) / 2) <= position.width / 2) & (
            np.abs(y - (position.height - 1) / 2) <= position.height / 2
        )
        chosen = near[inside]
        return tuple(self.objects[index] for index in chosen[np.argsort(away[chosen])])


@functools.cache
def load_catalogue() -> Catalogue:
    """Load the catalogue that ships with the program."""
    raise NotImplementedError
