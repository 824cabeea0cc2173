"""Take the object and its place in the sky from the header of a FITS or XISF picture."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from cluster_core.errors import PositionError
from cluster_core.images import PictureHeader, read_picture_header
from cluster_core.sky_names.angles import parse_angle, parse_sexagesimal
from cluster_core.sky_names.catalogue import CatalogueObject, load_catalogue
from cluster_core.sky_names.plane import UNUSABLE, compute_separations
from cluster_core.sky_names.position import Pointing, SkyPosition
from cluster_core.sky_names.wcs_cards import parse_wcs

_NAME_CARDS = ("OBJECT", "TARGNAME", "TARGET")
# The first are sexagesimal by convention, in hours; the others degrees or sexagesimal.
_PLACE_CARDS = (("OBJCTRA", "OBJCTDEC"), ("RA", "DEC"), ("RA_TARG", "DEC_TARG"))
_SCALE_CARDS = ("PIXSCALE", "SECPIX", "SECPIX1", "SCALE")
_MAX_NAME_LENGTH = 200
_HOUR_DEG = 15
_FULL_CIRCLE_H = 24
_POINTING_ERROR_DEG = 2.0  # between an object and where a telescope was said to look
_ARCSEC_PER_UM_MM = 206.265


@dataclass(frozen=True)
class SkyHeader:
    """What the header of a picture says about the sky in it.

    Attributes
    ----------
    position : SkyPosition or None
        From its celestial WCS.
    objects : tuple of CatalogueObject
        Those that its OBJECT card names.
    pointing : Pointing or None
        From its cards of right ascension and declination.
    width, height : int
        Size of the picture in pixels.
    problem : str or None
        Why its coordinates cannot be used, or contradict the named object, as a sentence.
    """

    position: SkyPosition | None
    objects: tuple[CatalogueObject, ...]
    pointing: Pointing | None
    width: int
    height: int
    problem: str | None = None

    def scale_pointing(self, width: int) -> Pointing | None:
        """Return the pointing for this picture enlarged or reduced to a width in pixels."""
        if self.pointing is None or not self.pointing.scale_arcsec_px:
            return self.pointing
        scale = self.pointing.scale_arcsec_px * self.width / width
        return replace(self.pointing, scale_arcsec_px=scale)


def read_sky_header(data: bytes, name: str) -> SkyHeader | None:
    """Read where in the sky a picture is, and what it shows, from its header.

    Parameters
    ----------
    data : bytes
        Content of a file of any kind.
    name : str
        Name of the file.

    Returns
    -------
    SkyHeader or None
        None for files other than FITS and XISF.
    """
    header = read_picture_header(data, name)
    if header is None:
        return None
    objects = _read_objects(header)
    position, problem = None, None
    try:
        position = _read_position(header)
        problem = _compare(position, objects) if position else None
    except PositionError as error:
        position, problem = None, str(error)
    try:
        pointing = _read_pointing(header, objects)
    except PositionError as error:
        pointing, problem = None, problem or str(error)
    return SkyHeader(position, objects, pointing, header.width, header.height, problem)


def _read_objects(header: PictureHeader) -> tuple[CatalogueObject, ...]:
    catalogue = load_catalogue()
    for keyword in _NAME_CARDS:
        text = str(_get(header, keyword) or "")[:_MAX_NAME_LENGTH]
        found = catalogue.find(text) if text else None
        objects = (found,) if found else catalogue.find_in(text)
        if objects:
            return objects
    return ()


def _read_position(header: PictureHeader) -> SkyPosition | None:
    """Return the position by the WCS of a header, None if it has no celestial one."""
    wcs = parse_wcs(header.cards)
    if wcs is None:
        return None
    return SkyPosition.from_wcs(wcs, header.width, header.height, flipped=header.flipped)


def _compare(position: SkyPosition, objects: tuple[CatalogueObject, ...]) -> str | None:
    """Return a sentence if a header names only objects that are elsewhere.

    Raises
    ------
    PositionError
        The right ascension is right once multiplied by 15: it is in hours.
    """
    near = _POINTING_ERROR_DEG + position.radius_deg
    if not objects or _is_near(objects, position.ra_deg, position.dec_deg, near):
        return None
    hours = position.ra_deg
    if hours < _FULL_CIRCLE_H and _is_near(objects, hours * _HOUR_DEG, position.dec_deg, near):
        raise PositionError(f"{UNUSABLE} its right ascension is in hours instead of degrees.")
    return f"The header of this picture names {objects[0].name}, but its coordinates are elsewhere."


def _read_pointing(header: PictureHeader, objects: tuple[CatalogueObject, ...]) -> Pointing | None:
    for ra_card, dec_card in _PLACE_CARDS:
        ra, dec = _get(header, ra_card), _get(header, dec_card)
        if ra in (None, "") or dec in (None, ""):
            continue
        ra_deg = _parse_ra(ra, in_hours=_says_hours(header, ra_card))
        dec_deg = parse_angle(dec)
        hours = parse_sexagesimal(ra) if ra_card == "OBJCTRA" or "h" in str(ra).lower() else None
        # Some programs count right ascension from -180.
        if (
            ra_deg is None
            or (hours is not None and not 0 <= hours < _FULL_CIRCLE_H)
            or dec_deg is None
            or not (-180 <= ra_deg <= 360 and abs(dec_deg) <= 90)  # noqa: PLR2004
        ):
            raise PositionError(
                f"The cards {ra_card} and {dec_card} of this picture are not a place in the sky."
            )
        # Some programs write decimal hours: right for the object, and wrong as degrees.
        in_hours = ra_deg * _HOUR_DEG
        if in_hours <= 360 and not isinstance(parse_sexagesimal(ra), float):  # noqa: PLR2004
            near = _POINTING_ERROR_DEG
            if not _is_near(objects, ra_deg, dec_deg, near) and _is_near(
                objects, in_hours, dec_deg, near
            ):
                ra_deg = in_hours
        return Pointing(ra_deg % 360, dec_deg, _read_scale(header))
    return None


def _parse_ra(value: Any, *, in_hours: bool) -> float | None:
    """Return degrees; sexagesimal numbers below 24 are hours, decimal ones only if said so."""
    sexagesimal = parse_sexagesimal(value)
    angle = parse_angle(value)
    if angle is None:
        return None
    hours = in_hours or (sexagesimal is not None and "d" not in str(value).lower())
    return angle * _HOUR_DEG if hours and 0 <= angle < _FULL_CIRCLE_H else angle


def _says_hours(header: PictureHeader, keyword: str) -> bool:
    for cards in (header.cards, header.shared):
        if keyword in cards:
            return bool(re.search(r"\b(hours?|hrs?)\b", cards.comments[keyword].lower()))
    return False


def _read_scale(header: PictureHeader) -> float | None:
    """Return arcseconds a pixel, from a card of their own or from the optics, within reason."""
    found = [parse_angle(_get(header, keyword)) for keyword in _SCALE_CARDS]
    scale = next((value for value in found if value), None)
    if scale is None:
        pixel_um, focal_mm = (parse_angle(_get(header, key)) for key in ("XPIXSZ", "FOCALLEN"))
        scale = _ARCSEC_PER_UM_MM * pixel_um / focal_mm if pixel_um and focal_mm else None
    return scale if scale and 0.01 < scale < 1000 else None  # noqa: PLR2004


def _is_near(
    objects: tuple[CatalogueObject, ...], ra_deg: float, dec_deg: float, near_deg: float
) -> bool:
    return any(
        compute_separations(ra_deg, dec_deg, each.ra_deg, each.dec_deg) <= near_deg
        for each in objects
    )


def _get(header: PictureHeader, keyword: str) -> Any:
    """Return the value of a card of the picture or else of the file's first part, or None."""
    for cards in (header.cards, header.shared):
        try:
            value = cards.get(keyword)
        # Broken cards raise errors of many classes.
        except Exception:  # noqa: S112
            continue
        if isinstance(value, str | int | float) and not isinstance(value, bool) and value != "":
            return value
    return None
