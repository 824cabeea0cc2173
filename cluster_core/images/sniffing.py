"""Recognise the kind of a file by its first bytes."""

from __future__ import annotations

from pathlib import Path

ACCEPTED = "JPEG, PNG, WebP, TIFF, BMP, GIF and FITS pictures"

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
    | {".fits", ".fit", ".fts", ".fz", ".xisf", ".ser"}
)
_PACKED_SUFFIXES = tuple(
    f".{fits}.{packed}" for fits in ("fits", "fit", "fts") for packed in ("gz", "bz2")
)

FITS_MAGIC = b"SIMPLE"
GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"

_RASTER_MAGICS = {
    b"\xff\xd8\xff": "JPEG",
    b"\x89PNG": "PNG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"XISF0100": "XISF",
    b"LUCAM-RECORDER": "SER",
}
_OTHER_MAGICS = {
    b"%!PS": "a PostScript (EPS) file",
    b"\xc5\xd0\xd3\xc6": "a PostScript (EPS) file",
    b"%PDF": "a PDF document",
    b"<!DOCTYPE HTML": "a web page (HTML)",
    b"<HTML": "a web page (HTML)",
    b"<HEAD": "a web page (HTML)",
    b"<SVG": "an SVG drawing",
    b"<?XML": "an XML file",
    b"8BPS": "a Photoshop file",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\0\0\x01\0": "a Windows icon",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJP  ": "a JPEG 2000 picture",
    b"XTENSION": "a FITS file without its beginning",
    GZIP_MAGIC: "a gzip archive",
    BZIP2_MAGIC: "a bzip2 archive",
}
_ISO_BRANDS = {
    b"heic": "a HEIC photo",
    b"heix": "a HEIC photo",
    b"mif1": "a HEIC photo",
    b"avif": "an AVIF picture",
}
_HEAD_BYTES = 512


def has_image_suffix(path: Path) -> bool:
    """Tell whether a file name has the ending of a picture; the content is not checked."""
    name = path.name.lower()
    return path.suffix.lower() in IMAGE_SUFFIXES or name.endswith(_PACKED_SUFFIXES)


def is_fits(data: bytes) -> bool:
    """Tell whether a file is FITS, or packed; FITS is the only kind accepted in gzip or bzip2."""
    return data.startswith((FITS_MAGIC, GZIP_MAGIC, BZIP2_MAGIC))


def raster_format(data: bytes) -> str | None:
    """Return the picture format (other than FITS) of a file, such as "JPEG", or None."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    return next((kind for magic, kind in _RASTER_MAGICS.items() if data.startswith(magic)), None)


def describe_other(data: bytes) -> str | None:
    """Describe a file of another kind, such as "a PDF document"; None if it is unknown."""
    if data[4:8] == b"ftyp":
        return _ISO_BRANDS.get(data[8:12], "a video")
    head = data[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    for magic, description in _OTHER_MAGICS.items():
        if data.startswith(magic) or head.startswith(magic):
            return description
    return None
