"""How the brightness of a FITS picture becomes 8 bits: an interval and a curve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from cluster_core.errors import ConfigError

JsonScalar = str | int | float | bool | None

_LOG_GAIN = 1000.0  # as in SAOImage DS9
_ENOUGH_FOR_ZSCALE = 5

_CURVES: dict[str, Callable[[NDArray[np.float32], float], NDArray[np.float32]]] = {
    "linear": lambda x, _softening: x,
    "sqrt": lambda x, _softening: np.sqrt(x),
    "log": lambda x, _softening: np.log1p(_LOG_GAIN * x) / np.float32(np.log1p(_LOG_GAIN)),
    "asinh": lambda x, softening: np.arcsinh(x / softening) / np.float32(np.arcsinh(1 / softening)),
}
_INTERVALS = ("zscale", "minmax", "percentile")


def _check_choice(field: str, received: object, allowed: tuple[str, ...]) -> None:
    if received not in allowed:
        choices = ", ".join(allowed)
        raise ConfigError(
            f"The {field} of the stretch of FITS pictures must be one of {choices}, not "
            f"{received!r}.",
            field=field,
            received=received,
            allowed=choices,
        )


def _check_range(field: str, received: object, least: float, greatest: float) -> None:
    number = isinstance(received, int | float) and not isinstance(received, bool)
    if not number or not least <= received <= greatest:  # type: ignore[operator]
        allowed = f"a number from {least:g} to {greatest:g}"
        raise ConfigError(
            f"The {field} of the stretch of FITS pictures must be {allowed}, not {received!r}.",
            field=field,
            received=received,
            allowed=allowed,
        )


@dataclass(frozen=True)
class FitsStretch:
    """Settings that turn measured brightness into grey levels.

    They are part of a model's preprocessing: the same settings are used in training
    and in prediction.

    Attributes
    ----------
    interval : str
        Which values become black and white. 'zscale' finds them from the slope of the
        sorted values around the median [1]_, so that the sky is dark grey and faint stars
        show; 'minmax' takes the extremes; 'percentile' the central share of all values.
    function : str
        The curve between black and white: 'asinh' [2]_, 'linear', 'log' or 'sqrt'.
    contrast : float
        For 'zscale': from 0.01 to 1. A smaller value gives a wider interval.
    percentile : float
        For 'percentile': the share of values inside the interval, from 50 to 100 percent.
    softening : float
        For 'asinh': where the curve turns from linear to logarithmic, as a share of the
        interval, from 0.001 to 1.

    Raises
    ------
    ConfigError
        If a setting is unknown or out of its range.

    References
    ----------
    .. [1] IRAF, `images.tv.display`, "ZSCALE algorithm"; as implemented in
       `astropy.visualization.ZScaleInterval`.
    .. [2] Lupton, Gunn and Szalay 1999, AJ 118, 1406; Lupton et al. 2004, PASP 116, 133.
    """

    interval: str = "zscale"
    function: str = "asinh"
    contrast: float = 0.25
    percentile: float = 99.5
    softening: float = 0.1

    def __post_init__(self) -> None:
        _check_choice("interval", self.interval, _INTERVALS)
        _check_choice("function", self.function, tuple(_CURVES))
        _check_range("contrast", self.contrast, 0.01, 1.0)
        _check_range("percentile", self.percentile, 50.0, 100.0)
        _check_range("softening", self.softening, 0.001, 1.0)

    def to_record(self) -> dict[str, JsonScalar]:
        """Return the settings as JSON scalars, for a model's preprocessing record."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, JsonScalar]) -> FitsStretch:
        """Make the settings from a record; those it does not name keep their defaults.

        Raises
        ------
        ConfigError
            If the record names an unknown setting or one is out of its range.
        """
        known = [field.name for field in fields(cls)]
        for key in record:
            if key not in known:
                raise ConfigError(
                    f"The stretch of FITS pictures has no setting {key!r}: expected "
                    f"{', '.join(known)}.",
                    field=str(key),
                    received=record[key],
                    allowed=", ".join(known),
                )
        return cls(**record)  # type: ignore[arg-type]  # the checks are __post_init__'s


DEFAULT_STRETCH = FitsStretch()


def apply_stretch(values: NDArray[np.generic], stretch: FitsStretch) -> NDArray[np.uint8]:
    """Turn measured brightness into grey levels.

    Parameters
    ----------
    values : ndarray
        Numbers of any type and byte order, axes (planes, height, width). All planes share
        one interval and one curve: were each channel stretched by itself, every sky and
        every star would come out the same white, and the colours would be lost.
    stretch : FitsStretch
        The settings.

    Returns
    -------
    ndarray
        uint8, same axes. NaN and minus infinity are black, plus infinity is white,
        and a constant picture is black.
    """
    low, high = _find_interval(values, stretch)
    levels = np.zeros(values.shape, np.uint8)
    if low == high:
        return levels
    curve = _CURVES[stretch.function]
    # A plane at a time, to keep the temporary arrays small.
    for plane, out in zip(values, levels, strict=True):
        # The subtraction needs 64 bits: a sky may lie at a million, with stars a few above.
        share = ((plane.astype(np.float64) - low) / (high - low)).astype(np.float32)
        share = np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0.0, 1.0)
        out[...] = np.rint(curve(share, stretch.softening) * 255)
    return levels


def _find_interval(values: NDArray[np.generic], stretch: FitsStretch) -> tuple[float, float]:
    """Return the values that become black and white; equal for a constant picture."""
    finite = values[np.isfinite(values)].astype(np.float64)
    if finite.size == 0:
        return 0.0, 0.0
    low = high = 0.0
    if stretch.interval == "zscale" and finite.size >= _ENOUGH_FOR_ZSCALE:
        from astropy.visualization import ZScaleInterval

        low, high = ZScaleInterval(contrast=stretch.contrast).get_limits(finite)
    elif stretch.interval == "percentile":
        tail = (100.0 - stretch.percentile) / 2.0
        low, high = np.percentile(finite, [tail, 100.0 - tail])
    # Few stars on an otherwise constant plate leave an interval of no width.
    if not low < high:
        low, high = finite.min(), finite.max()
    return float(low), float(high)
