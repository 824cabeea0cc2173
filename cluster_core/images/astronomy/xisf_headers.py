"""Read the XML header of an XISF file (PixInsight): which pictures it holds, and where.

Format: XISF version 1.0 specification, Pleiades Astrophoto. The header is read by expat as a
stream of elements, without a document tree; a document type, and with it every entity, is refused.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from xml.parsers import expat

XISF_MAGIC = b"XISF0100"
_START = struct.Struct("<8sI4x")
_MAX_HEADER_BYTES = 8_000_000
_MAX_COUNT = 10**9
_MAX_KEYWORDS = 1000
_MOSAIC, _KEYWORD = "ColorFilterArray", "FITSKeyword"
_TYPES = {
    "UInt8": "u1",
    "UInt16": "u2",
    "UInt32": "u4",
    "UInt64": "u8",
    "Float32": "f4",
    "Float64": "f8",
}


class UnsupportedXisfError(ValueError):
    """A valid file of a variety that is not read; its message names the variety."""


@dataclass(frozen=True)
class XisfPicture:
    """The first picture of an XISF file.

    Attributes
    ----------
    width, height, n_channels : int
        Size in pixels, and number of values per pixel, at least 1.
    dtype : str
        NumPy's name of a value, with byte order.
    is_rgb : bool
        Whether the first three channels are red, green and blue.
    is_planar : bool
        Whether channel follows channel, rather than pixel follows pixel.
    offset, n_bytes : int
        Its block of data in the file.
    codec : str
        Compression of the block: "", "zlib", or "zlib+sh" with shuffled bytes.
    mosaic : str
        Colours of the first 2 x 2 pixels, such as "RGGB", if each pixel has only one.
    """

    width: int
    height: int
    n_channels: int
    dtype: str
    is_rgb: bool
    is_planar: bool
    offset: int
    n_bytes: int
    codec: str
    mosaic: str


def read_xisf_header(data: bytes) -> XisfPicture:
    """Return the first picture of an XISF file.

    Parameters
    ----------
    data : bytes
        Content of the file.

    Raises
    ------
    UnsupportedXisfError
        The picture is of a variety that is not read.
    ValueError
        The header is damaged.
    """
    image, inside = _find_image(data)
    mosaics = [attributes.get("pattern", "") for tag, attributes in inside if tag == _MOSAIC]
    return _describe(image, mosaics[0] if mosaics else "")


def read_xisf_keywords(data: bytes) -> list[tuple[str, str]]:
    """Return the FITS cards of the first picture of an XISF file.

    Returns
    -------
    list of (str, str)
        Keyword, and value as written in a FITS header, in the order of the file.

    Raises
    ------
    ValueError
        The header is damaged, or of a variety that is not read.
    """
    _, inside = _find_image(data)
    cards = [attributes for tag, attributes in inside if tag == _KEYWORD]
    return [(card.get("name", ""), card.get("value", "")) for card in cards[:_MAX_KEYWORDS]]


def _find_image(data: bytes) -> tuple[Mapping[str, str], list[tuple[str, Mapping[str, str]]]]:
    """Return the attributes of the first Image element, and the elements inside that matter."""
    if len(data) < _START.size:
        raise ValueError("the header is incomplete")
    n_bytes = _START.unpack_from(data)[1]
    if n_bytes > _MAX_HEADER_BYTES:
        raise UnsupportedXisfError(f"a header of more than {_MAX_HEADER_BYTES / 1e6:.0f} MB")
    xml = data[_START.size : _START.size + n_bytes].rstrip(b"\0")
    images: list[dict[str, str]] = []
    inside: list[tuple[str, Mapping[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Image":
            images.append(attributes)
        elif tag in (_MOSAIC, _KEYWORD) and len(images) == 1:
            inside.append((tag, attributes))

    def refuse(*_: object) -> None:
        raise ValueError("the header declares a document type")

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(xml, True)
    except expat.ExpatError as error:
        raise ValueError(f"the header is not XML: {error}") from error
    if not images:
        raise UnsupportedXisfError("no picture")
    return images[0], inside


def _describe(image: Mapping[str, str], mosaic: str) -> XisfPicture:
    geometry = _read_counts(image.get("geometry", ""), "geometry")
    if len(geometry) != 3:  # noqa: PLR2004  width, height, channels
        raise UnsupportedXisfError(f"a picture of {len(geometry) - 1} dimensions")
    sample = image.get("sampleFormat", "")
    if sample not in _TYPES:
        raise UnsupportedXisfError(f"pixel values of type {sample[:20] or 'unknown'}")
    colours = image.get("colorSpace", "Gray")
    if colours not in ("Gray", "RGB"):
        raise UnsupportedXisfError(f"colours in {colours[:20]}")
    kind, _, block = image.get("location", "").partition(":")
    if kind != "attachment":
        raise UnsupportedXisfError(f"pixels stored as {kind[:20] or 'nothing'}")
    offset, n_bytes = (*_read_counts(block, "location"), 0, 0)[:2]
    width, height, n_channels = geometry
    order = ">" if image.get("byteOrder") == "big" else "<"
    return XisfPicture(
        width=width,
        height=height,
        n_channels=n_channels,
        dtype=order + _TYPES[sample],
        is_rgb=colours == "RGB" and n_channels >= 3,  # noqa: PLR2004  red, green, blue
        is_planar=image.get("pixelStorage", "Planar") != "Normal",
        offset=offset,
        n_bytes=n_bytes,
        codec=_read_codec(image),
        mosaic=mosaic,
    )


def _read_codec(image: Mapping[str, str]) -> str:
    codec = image.get("compression", "").partition(":")[0]
    if codec not in ("", "zlib", "zlib+sh") or image.get("subblocks"):
        raise UnsupportedXisfError(f"{re.sub(r'[^a-z0-9+]', '', codec)[:20]} compression")
    return codec


def _read_counts(text: str, field: str) -> list[int]:
    parts = text[:200].split(":")
    if not all(re.fullmatch(r"[0-9]{1,12}", part) for part in parts):
        raise ValueError(f"its {field} is {text[:40]!r}")
    counts = [int(part) for part in parts]
    if field == "geometry" and not all(0 < count <= _MAX_COUNT for count in counts):
        raise ValueError(f"its {field} is {text[:40]!r}")
    return counts
