"""Say which objects in the sky a picture shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from cluster_core.errors import ImageError, NotSolvedError
from cluster_core.images import decode_image
from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.file_names import name_objects
from cluster_core.sky_names.headers import SkyHeader, read_sky_header
from cluster_core.sky_names.plane import compute_separations
from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.solving import Solver

_UNKNOWN_DIAMETER_ARCMIN = 2.0
_COMPARABLE_SIZE = 0.5  # of the diameter of the most prominent object
_POINTING_RADIUS_DEG = 0.25  # around the place that a header names, if the scale is unknown


class Source(StrEnum):
    """How the objects in a picture are known."""

    HEADER = "header"
    FILE_NAME = "file name"
    PLATE_SOLVING = "plate solving"


@dataclass(frozen=True)
class IdentifiedObject:
    """An object in a picture.

    Attributes
    ----------
    object : CatalogueObject
    distance_arcmin : float or None
        From the centre of the picture; None if only its name is known.
    """

    object: CatalogueObject
    distance_arcmin: float | None = None


@dataclass(frozen=True)
class Identification:
    """What is in a picture.

    Attributes
    ----------
    objects : tuple of IdentifiedObject
        Nearest to the centre first; empty if none is known.
    position : SkyPosition or None
        Where in the sky the picture is, for pictures of its size as stored.
    source : Source or None
        None if nothing is known.
    problem : str or None
        Why the position is unknown, or what is odd about the header, as sentences.
    pointing : Pointing or None
        Where the telescope looked by the header, with or without a position.
    """

    objects: tuple[IdentifiedObject, ...] = ()
    position: SkyPosition | None = None
    source: Source | None = None
    problem: str | None = None
    pointing: Pointing | None = None

    @property
    def main(self) -> IdentifiedObject | None:
        """The object that the picture is of.

        The most prominent is the nearest to the centre in terms of its radius: thus a faint galaxy
        beside the centre does not name the picture of a large cluster. Of objects that compare
        with it in size, the nearest to the centre is meant: thus M 60 beside it does not name a
        picture of M 59.
        """
        prominent = min(self.objects, key=_measure_prominence, default=None)
        if prominent is None:
            return None
        least = _COMPARABLE_SIZE * _get_diameter(prominent)
        comparable = [each for each in self.objects if _get_diameter(each) >= least]
        return min(comparable, key=lambda each: each.distance_arcmin or 0.0)

    def add_solution(self, solution: Identification) -> Identification:
        """Return this with what the stars say, if they say anything, and with both problems."""
        better = self if solution.position is None else solution
        problem = " ".join(filter(None, (self.problem, solution.problem))) or None
        return replace(better, problem=problem, pointing=self.pointing)


def identify(data: bytes, name: str, solver: Solver | None) -> Identification:
    """Say which objects a picture shows.

    Asked in this order, until one answers: the celestial coordinates (WCS) in its header, the
    object or place that its header names, the name of the file, and the solver.

    Parameters
    ----------
    data : bytes
        Content of the file, of any kind.
    name : str
        Name of the file.
    solver : Solver or None
        What recognises the stars if neither header nor file name helps; None to leave it.

    Returns
    -------
    Identification
        A name without coordinates gives the object, but no position.
    """
    header = read_sky_header(data, name)
    known = _ask_header(header) if header else Identification()
    if known.source is None:
        objects = name_objects(name.rpartition("/")[2])
        if objects:
            found = tuple(IdentifiedObject(each) for each in objects)
            known = replace(known, objects=found, source=Source.FILE_NAME)
    if known.source is not None or solver is None:
        return known
    return known.add_solution(_solve(data, name, solver, header))


def solve(data: bytes, name: str, solver: Solver) -> Identification:
    """Say which objects a picture shows by its stars alone; its header only helps to find them.

    Parameters
    ----------
    data : bytes
        Content of the file.
    name : str
        Name of the file.
    solver : Solver

    Returns
    -------
    Identification
        Without a position and with the reason if the stars were not recognised.
    """
    return _solve(data, name, solver, read_sky_header(data, name))


def identify_position(position: SkyPosition, source: Source) -> Identification:
    """Name the objects in a picture whose place in the sky is known."""
    catalogue = load_catalogue()
    # A detail of a large object may have no centre of any in it.
    objects = catalogue.within(position) or catalogue.around(position)
    found = _measure_distances(objects, position.ra_deg, position.dec_deg)
    return Identification(found, position, source)


def _ask_header(header: SkyHeader) -> Identification:
    if header.position is not None:
        found = identify_position(header.position, Source.HEADER)
        return replace(found, problem=header.problem, pointing=header.pointing)
    named = tuple(IdentifiedObject(each) for each in header.objects)
    if not named and header.pointing is not None:
        named = _search_around(header.pointing, min(header.width, header.height))
    source = Source.HEADER if named else None
    return Identification(named, source=source, problem=header.problem, pointing=header.pointing)


def _search_around(pointing: Pointing, side_px: int) -> tuple[IdentifiedObject, ...]:
    """Return the object in the middle of the picture, where a telescope looked, if any."""
    scale = pointing.scale_arcsec_px
    radius_deg = _POINTING_RADIUS_DEG if scale is None else scale * side_px / 3600 / 2
    near = load_catalogue().near(pointing.ra_deg, pointing.dec_deg, radius_deg)
    found = _measure_distances(near, pointing.ra_deg, pointing.dec_deg)
    if scale is None:  # then only what surrounds the place is certain to be in the picture
        found = tuple(each for each in found if _measure_prominence(each) < 1)
    return found


def _solve(data: bytes, name: str, solver: Solver, header: SkyHeader | None) -> Identification:
    try:
        picture = decode_image(data, name)
        hints = header.scale_pointing(picture.shape[1]) if header else None  # mosaics are halved
        position = solver.solve(picture, hints)
    except (ImageError, NotSolvedError) as error:
        return Identification(problem=str(error))
    return identify_position(position, Source.PLATE_SOLVING)


def _measure_distances(
    objects: tuple[CatalogueObject, ...], ra_deg: float, dec_deg: float
) -> tuple[IdentifiedObject, ...]:
    return tuple(
        IdentifiedObject(
            each, 60 * float(compute_separations(ra_deg, dec_deg, each.ra_deg, each.dec_deg))
        )
        for each in objects
    )


def _measure_prominence(each: IdentifiedObject) -> float:
    """Return the distance from the centre in radii of the object: the less, the more prominent."""
    return (each.distance_arcmin or 0.0) / (_get_diameter(each) / 2)


def _get_diameter(each: IdentifiedObject) -> float:
    return each.object.diameter_arcmin or _UNKNOWN_DIAMETER_ARCMIN
