"""Map the brightness of FITS pictures to 8 bits by an interval and a curve."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ConfigError
from cluster_core.images.limits import LARGE_PIXELS
from cluster_core.images.planes import Planes, list_strips

JsonScalar = str | int | float | bool | None

_CURVES: dict[str, Callable[[NDArray[np.float32]], NDArray[np.float32]]] = {
    "asinh": np.arcsinh,
    "log": np.log1p,
    "sqrt": np.sqrt,
    "linear": lambda brightness: brightness,
}
_INTERVALS = ("zscale", "percentile", "minmax")
_MIN_ZSCALE_VALUES = 5
_MAX_MAGNITUDE = 1e300  # so that no difference overflows
_MAX_DYNAMIC_RANGE = 1e9  # white in units of the interval


@dataclass(frozen=True)
class FitsStretch:
    """Settings that map measured brightness to grey levels.

    They are part of a model's preprocessing, so that training and prediction agree.
    Brightness is measured from the black value in units of the interval, passed through
    the curve, and normalised so that the white value becomes 255.

    Attributes
    ----------
    interval : str
        'zscale': fitted to the sorted values around the median [1]_, so that it spans the
        sky and faint objects; white is above it, at `percentile`.
        'percentile': from 100 - `percentile` to `percentile`.
        'minmax': from the smallest to the largest value.
    function : str
        The curve. 'asinh' [2]_ is linear within the interval and logarithmic above it: the
        sky stays dark and the core of a cluster keeps its structure, where ZScale's own
        upper limit would leave a white spot. Or 'log', 'sqrt' or 'linear'.
    contrast : float
        For 'zscale': 0.01 to 1. A smaller value gives a wider interval.
    percentile : float
        Percentage of the values that are not brighter than white, 50 to 100.
    softening : float
        For 'asinh' and 'log': the brightness at which the curve starts to bend, in units of
        the interval, 0.001 to 10. A smaller value brings out fainter objects.

    Raises
    ------
    ConfigError
        A setting is unknown or out of range.

    References
    ----------
    .. [1] IRAF, task `display`, "ZSCALE algorithm", as in `astropy.visualization`.
    .. [2] Lupton, Gunn and Szalay 1999, AJ 118, 1406; Lupton et al. 2004, PASP 116, 133.
    """

    interval: str = "zscale"
    function: str = "asinh"
    contrast: float = 0.25
    percentile: float = 99.9
    softening: float = 1.0

    def __post_init__(self) -> None:
        self._check_choice("interval", _INTERVALS)
        self._check_choice("function", tuple(_CURVES))
        self._check_range("contrast", 0.01, 1.0)
        self._check_range("percentile", 50.0, 100.0)
        self._check_range("softening", 0.001, 10.0)

    def to_record(self) -> dict[str, JsonScalar]:
        """Return the settings as JSON scalars, for the preprocessing record of a model."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, JsonScalar]) -> FitsStretch:
        """Restore the settings from a record; missing ones get their defaults.

        Raises
        ------
        ConfigError
            The record has an unknown setting, or one that is out of range.
        """
        known = ", ".join(field.name for field in fields(cls))
        for key in record.keys() - asdict(DEFAULT_STRETCH).keys():
            raise ConfigError(
                f"The FITS stretch (how brightness is shown) has no setting {key!r}: use {known}.",
                field=key,
                received=record[key],
                allowed=known,
            )
        return cls(**record)  # type: ignore[arg-type]  # __post_init__ checks them

    def _check_choice(self, field: str, allowed: tuple[str, ...]) -> None:
        if getattr(self, field) not in allowed:
            raise self._error(field, "one of " + ", ".join(allowed))

    def _check_range(self, field: str, least: float, greatest: float) -> None:
        received = getattr(self, field)
        is_number = isinstance(received, int | float) and not isinstance(received, bool)
        if not is_number or not least <= received <= greatest:
            raise self._error(field, f"a number from {least:g} to {greatest:g}")

    def _error(self, field: str, allowed: str) -> ConfigError:
        received = getattr(self, field)
        return ConfigError(
            f"The {field} of the FITS stretch (how brightness is shown) must be {allowed}, not "
            f"{received!r}.",
            field=field,
            received=received,
            allowed=allowed,
        )


DEFAULT_STRETCH = FitsStretch()


class _Interval(NamedTuple):
    """The value that becomes black, the unit of brightness, and white in that unit."""

    black: float
    unit: float
    white: float


def apply_stretch(
    values: Planes, stretch: FitsStretch, levels: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8]:
    """Map measured brightness to grey levels.

    Parameters
    ----------
    values : ndarray or LazyPlanes
        Numbers of any dtype and byte order, shape (planes, height, width). All planes share
        one interval and one curve: if each channel were stretched by itself, all would show
        the same sky and stars, and the colours would be lost.
    stretch : FitsStretch
        The settings.
    levels : ndarray, optional
        Where the result goes, of its shape; all 0 at first.

    Returns
    -------
    ndarray
        uint8, shape (planes, height, width). NaN and infinities are black, because nothing was
        measured there, and a constant picture is black.
    """
    levels = np.zeros(values.shape, np.uint8) if levels is None else levels
    # Damaged pictures contain NaNs of all kinds, and NumPy would warn about each.
    with np.errstate(all="ignore"):
        interval = _find_interval(values, stretch)
        if interval is not None:
            # A whole picture as float64 would take ten times the size of its file.
            for strip in list_strips(values):
                levels[strip] = _to_levels(values[strip], interval, stretch)
    return levels


def _to_levels(
    plane: NDArray[np.generic], interval: _Interval, stretch: FitsStretch
) -> NDArray[np.float32]:
    # In 64 bits, because the sky may be at a million, and its stars only just above it.
    brightness = (plane.astype(np.float64) - interval.black) / interval.unit
    if plane.dtype.kind == "f":
        brightness = np.nan_to_num(brightness, nan=0.0, posinf=0.0, neginf=0.0)
    within = np.clip(brightness, 0.0, interval.white).astype(np.float32)
    return np.rint(_curve(within, stretch) / _curve(interval.white, stretch) * 255)


def _curve(brightness: NDArray[np.float32] | float, stretch: FitsStretch) -> NDArray[np.float32]:
    return _CURVES[stretch.function](np.asarray(brightness / stretch.softening, np.float32))


def _find_interval(planes: Planes, stretch: FitsStretch) -> _Interval | None:
    """Return the interval of the finite values, or None if they are all the same."""
    values = np.asarray(planes) if stretch.interval == "minmax" else _thin_out(planes)
    finite = values[np.isfinite(values)].astype(np.float64).clip(-_MAX_MAGNITUDE, _MAX_MAGNITUDE)
    if finite.size == 0:
        return None
    black, top, white = _find_levels(finite, stretch)
    if not black < top:
        # On a constant plate with a few stars, the interval has no width.
        black, white = float(finite.min()), float(finite.max())
        top = white
    if not black < white:
        return None
    unit = max(top - black, (white - black) / _MAX_DYNAMIC_RANGE)
    return _Interval(black, unit, (white - black) / unit)


def _thin_out(values: Planes) -> NDArray[np.generic]:
    """Subsample the rows and columns of a large picture to at most 12 million values."""
    step = math.isqrt(max(values.size - 1, 0) // LARGE_PIXELS) + 1
    thinned = values[:, ::step, ::step]
    return thinned if np.isfinite(thinned).any() else np.asarray(values)


def _find_levels(finite: NDArray[np.float64], stretch: FitsStretch) -> tuple[float, float, float]:
    """Return the lower and upper limit of the interval, and the white value."""
    if stretch.interval == "minmax":
        return float(finite.min()), float(finite.max()), float(finite.max())
    white = float(np.percentile(finite, stretch.percentile))
    if stretch.interval == "percentile" or finite.size < _MIN_ZSCALE_VALUES:
        return float(np.percentile(finite, 100.0 - stretch.percentile)), white, white
    from astropy.visualization import ZScaleInterval

    black, top = ZScaleInterval(contrast=stretch.contrast).get_limits(finite)
    return float(black), float(top), max(float(top), white)
