"""The errors for pictures that are not read: damaged, of another kind, or too large to unpack."""

from __future__ import annotations

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images.limits import ImageLimits
from cluster_core.images.sniffing import ACCEPTED, CAMERA_RAW, describe_other, has_camera_raw_suffix


def damaged(name: str, kind: str) -> ImageError:
    """Return the error for a picture most of whose pixels are lost."""
    return ImageError(
        f"{name} is a damaged or incomplete {kind} picture: open it in a picture viewer and save "
        "it again, or get a new copy.",
        path=name,
        reason=ImageProblem.UNREADABLE,
    )


def above_pillows_limit(name: str, limits: ImageLimits) -> ImageError:
    """Return the error for a picture that Pillow refuses by its size."""
    return ImageError(
        f"{name} is far above the limit of {limits.max_pixels / 1e6:,.0f} megapixels: shrink "
        "the picture and try again.",
        path=name,
        reason=ImageProblem.TOO_LARGE,
    )


def other_kind(data: bytes, name: str) -> ImageError:
    """Return the error for a file that is not one of the accepted pictures."""
    found = describe_other(data)
    if found == CAMERA_RAW or (found is None and has_camera_raw_suffix(name)):
        return camera_raw(name)
    is_what = f"is {found}" if found else "is of an unknown kind"
    return _unsupported(
        f"{name} {is_what}, but only {ACCEPTED} can be read: save it as one of these, "
        "for example as PNG.",
        name,
    )


def unsupported_variety(name: str, variety: str) -> ImageError:
    """Return the error for a good file of a rare variety, such as "a TIFF of complex numbers"."""
    return _unsupported(
        f"{name} is {variety}, which cannot be read: save it as a plain 8- or 16-bit TIFF or as "
        "PNG.",
        name,
    )


def camera_raw(name: str) -> ImageError:
    """Return the error for the sensor data of a camera."""
    return _unsupported(
        f"{name} is {CAMERA_RAW}, which must be developed first: export it as JPEG or TIFF from "
        "your raw converter.",
        name,
    )


def needs_heif_library(name: str) -> ImageError:
    """Return the error for a HEIC photo where the optional library is not installed."""
    return _unsupported(
        f"{name} is a HEIC photo, which needs the optional package pillow-heif: install it with "
        "`pip install pillow-heif`, or save the photo as JPEG.",
        name,
    )


def _unsupported(message: str, name: str) -> ImageError:
    return ImageError(message, path=name, reason=ImageProblem.UNSUPPORTED)
