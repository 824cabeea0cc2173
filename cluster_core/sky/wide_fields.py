"""Wide fields of the Milky Way with clusters at known places, to test how well these are found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cluster_core.sky.camera import sample_processing, sample_sensor
from cluster_core.sky.clouds import sample_dust
from cluster_core.sky.clusters import GRAIN_MAGNITUDES, LIMIT_FLUX_SIGMA, compute_flux_sigma
from cluster_core.sky.fields import FieldKind
from cluster_core.sky.frame import Frame, Scene, Stars
from cluster_core.sky.kinds import KINDS, SkyKind
from cluster_core.sky.optics import PointSpread, form_image
from cluster_core.sky.populations import sample_field
from cluster_core.sky.profiles import Floats
from cluster_core.sky.random_draws import Range, draw_log_uniform, happens
from cluster_core.sky.scenes import GlobularKind

MEGAPIXEL = 1e6
# Field stars above the limit on a megapixel, from high galactic latitudes to the Milky Way.
FIELD_STARS = (200.0, 10_000.0)
STAR_RICH = (4000.0, 15_000.0)
DIAMETER_PX = (70.0, 320.0)
PLANTED_KINDS = (
    *("globular_resolved", "globular_smooth", "globular_loose"),
    *("open_sparse", "open_rich", "open_old"),
)
PLANTED_OTHERS = ("galaxy_elliptical", "galaxy_spiral", "nebula_planetary")
# A catalogued diameter holds nearly all visible stars.
_DIAMETER_IN_HALF_LIGHT_RADII = 5.0
# A cluster of which a person sees nothing is drawn again.
_MIN_RICHNESS = 15.0
_MAX_FIELD_STARS_PER_MEMBER = 1.5
_MAX_DRAWS = 40
_WHITE = 60_000
_NO_STARS = (1e-9, 1e-9)


@dataclass(frozen=True)
class PlantedObject:
    """A cluster, a galaxy or a nebula in a simulated wide field.

    Attributes
    ----------
    kind : str
        A key of `KINDS`.
    x_px, y_px : float
        Its centre.
    diameter_px : float
        Of a cluster five times its half-light radius, about what a catalogue gives; of another
        object the third of the square that it is drawn in.
    """

    kind: str
    x_px: float
    y_px: float
    diameter_px: float

    @property
    def label(self) -> str | None:
        """The class of the starter model that it belongs to; None if it is not a cluster."""
        if self.kind in PLANTED_OTHERS:
            return None
        return "globular clusters" if self.kind.startswith("globular") else "open clusters"


@dataclass(frozen=True)
class SimulatedField:
    """A simulated wide field.

    Attributes
    ----------
    raw : ndarray of shape (rows, columns, 3), float32
        Linear light in sky noises of one pixel, as the camera recorded it.
    planted : tuple of PlantedObject
    """

    raw: Floats
    planted: tuple[PlantedObject, ...]

    @property
    def clusters(self) -> tuple[PlantedObject, ...]:
        """The clusters among the planted objects."""
        return tuple(each for each in self.planted if each.label is not None)

    def to_picture(self, rng: np.random.Generator) -> np.ndarray:
        """Return the field as a processed picture: uint8, (rows, columns, 3)."""
        picture = sample_processing(rng, self.raw).apply(self.raw)
        return np.asarray(picture * 255.0 + 0.5).astype(np.uint8)

    def to_counts(self) -> np.ndarray:
        """Return the field as the counts of a camera without colour: uint16, (rows, columns)."""
        return np.clip(1000.0 + 20.0 * self.raw.mean(axis=2), 0, _WHITE).astype(np.uint16)


def render_wide_field(
    rng: np.random.Generator,
    size_px: tuple[int, int] = (1536, 1024),
    kinds: Sequence[str] = PLANTED_KINDS[:3],
    stars_per_megapixel: Range = FIELD_STARS,
) -> SimulatedField:
    """Simulate a wide field with objects that do not overlap.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same pixels.
    size_px : tuple of int
        Width and height.
    kinds : sequence of str
        The objects, of `PLANTED_KINDS` and `PLANTED_OTHERS`; some are left out if there is no room.
    stars_per_megapixel : tuple of float
        Field stars above the limit of the picture on a million pixels, log-uniform.

    Returns
    -------
    SimulatedField
    """
    frame = Frame(*size_px)
    field, density = _draw_milky_way(rng, frame, stars_per_megapixel)
    rows, columns = frame.shape
    glow = np.zeros((rows, columns, 3), np.float32)
    planted: list[PlantedObject] = []
    groups = [field]
    for kind in kinds:
        place = _find_room(rng, frame, kind, planted)
        if place is not None:
            planted.append(place)
            groups.append(_plant(rng, place, density, glow, frame.margin_px))
    scene = Scene(frame, Stars.join(groups), glow)
    scene = scene.compressed(LIMIT_FLUX_SIGMA, rng.uniform(0.6, 1.0))
    spread = PointSpread(rng.uniform(1.8, 3.5), beta=rng.uniform(2.5, 4.5))
    light = frame.crop(form_image(scene, spread))
    return SimulatedField(sample_sensor(rng).expose(rng, light).astype(np.float32), tuple(planted))


def _draw_milky_way(
    rng: np.random.Generator, frame: Frame, stars_per_megapixel: Range
) -> tuple[Stars, float]:
    """Draw field stars, in half of the cases behind patchy dust, and their number on a pixel."""
    rows, columns = frame.shape
    density = draw_log_uniform(rng, stars_per_megapixel) / MEGAPIXEL
    slope = rng.uniform(0.28, 0.46)
    count = rng.poisson(density * rows * columns * 10.0 ** (slope * GRAIN_MAGNITUDES))
    brighter, colour = sample_field(rng, count, slope)
    x, y = rng.uniform(0, columns - 1, count), rng.uniform(0, rows - 1, count)
    stars = Stars(x, y, compute_flux_sigma(-brighter, -GRAIN_MAGNITUDES), colour)
    if happens(rng, 0.5):
        stars = stars.dimmed(sample_dust(rng, frame, rng.uniform(0.2, 2.0)))
    return stars, density


def _find_room(
    rng: np.random.Generator, frame: Frame, kind: str, planted: list[PlantedObject]
) -> PlantedObject | None:
    """Draw a place that is not near another object, or None if there is no room."""
    for _ in range(_MAX_DRAWS):
        diameter = min(draw_log_uniform(rng, DIAMETER_PX), 0.3 * frame.height_px)
        x = rng.uniform(diameter, frame.width_px - diameter)
        y = rng.uniform(diameter, frame.height_px - diameter)
        if all(
            np.hypot(x - other.x_px, y - other.y_px) > 1.5 * (diameter + other.diameter_px)
            for other in planted
        ):
            return PlantedObject(kind, x, y, diameter)
    return None


def _plant(
    rng: np.random.Generator, place: PlantedObject, density: float, glow: Floats, margin_px: int
) -> Stars:
    """Draw an object that stands out from the field, add its glow, and return its stars."""
    side = 8 * round(3 * place.diameter_px / 8)
    small = Frame(side, side)
    half_light = place.diameter_px / _DIAMETER_IN_HALF_LIGHT_RADII
    kind = _isolate(KINDS[place.kind], half_light / side)
    in_front = density * np.pi * half_light**2
    for _ in range(_MAX_DRAWS):
        scene = kind.draw(rng, small)
        richness = 10.0**scene.labels.log_richness
        enough = max(_MIN_RICHNESS, in_front / _MAX_FIELD_STARS_PER_MEMBER)
        if scene.glow is not None or richness > enough:
            break
    left = round(place.x_px + margin_px - small.centre_px[0])
    top = round(place.y_px + margin_px - small.centre_px[1])
    if scene.glow is not None:
        _add_patch(glow, scene.glow, left, top)
    stars = scene.stars
    return Stars(stars.x_px + left, stars.y_px + top, stars.flux_sigma, stars.colour_bv)


def _isolate(kind: SkyKind, half_light: float) -> SkyKind:
    """Return a kind of sky without field stars, with clusters of one size in the middle."""
    if isinstance(kind, FieldKind):
        return replace(kind, field=_NO_STARS)
    size = (half_light, half_light)
    if isinstance(kind, GlobularKind):
        return replace(kind, half_light=size, field=_NO_STARS, off_centre=0.0)
    kind = replace(kind, half_light=size, field=_NO_STARS, off_centre=0.0)
    return replace(kind, emission_share=0.0, reflection_share=0.0)


def _add_patch(glow: Floats, patch: Floats, left: int, top: int) -> None:
    """Add the light of a small canvas to that of the field, as far as it is inside."""
    rows, columns = glow.shape[:2]
    y0, x0 = max(top, 0), max(left, 0)
    y1, x1 = min(top + patch.shape[0], rows), min(left + patch.shape[1], columns)
    glow[y0:y1, x0:x1] += patch[y0 - top : y1 - top, x0 - left : x1 - left]
