"""Recognise the kind of a file by its first bytes."""

from __future__ import annotations

from pathlib import Path

ACCEPTED = "JPEG, PNG, WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, FITS, XISF and SER pictures"
CAMERA_RAW = "a camera raw file"

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
    | {".avif", ".jp2", ".j2k", ".jpx", ".heic", ".heif"}
    | {".fits", ".fit", ".fts", ".fz", ".xisf", ".ser"}
)
_PACKED_SUFFIXES = tuple(
    f".{fits}.{packed}" for fits in ("fits", "fit", "fts") for packed in ("gz", "bz2")
)
# Not read, but taken like pictures, so that they are named and not passed over.
CAMERA_RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".k25"}
    | {".kdc", ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl"}
    | {".sr2", ".srf", ".srw", ".x3f"}
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
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
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
    b"XTENSION": "a FITS file without its beginning",
    # Camera raw files that do not begin like a TIFF: Fujifilm, Olympus, Panasonic, Sigma, Minolta.
    b"FUJIFILMCCD-RAW": CAMERA_RAW,
    b"IIRO": CAMERA_RAW,
    b"IIRS": CAMERA_RAW,
    b"MMOR": CAMERA_RAW,
    b"IIU\0": CAMERA_RAW,
    b"FOVB": CAMERA_RAW,
    b"\0MRM": CAMERA_RAW,
    b"\x1f\x9d": "a file packed by compress (.Z)",
    b"(\xb5/\xfd": "a Zstandard archive",
    b"\xfd7ZXZ\0": "an xz archive",
    b"7Z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"RAR!\x1a\x07": "a RAR archive",
    b"\x93NUMPY": "a NumPy array",
    b"\x89HDF": "an HDF5 file",
    b"#ASDF": "an ASDF file",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"#?RADIANCE": "a Radiance HDR picture",
    b"II\xbc\x01": "a JPEG XR picture",
    b"QOIF": "a QOI picture",
    b"DDS ": "a DDS texture",
    b"AT&TFORM": "a DjVu document",
    b"GIMP XCF": "a GIMP file",
    b"\x1a\x45\xdf\xa3": "a video",
    b"RIFF": "a video or sound",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "an office document",
    **{
        b"P%d%c" % (number, space): "a PNM picture (PBM, PGM, PPM)"
        for number in range(1, 7)
        for space in b" \t\r\n"
    },
    b"PF\n": "a PFM picture",
    GZIP_MAGIC: "a gzip archive",
    BZIP2_MAGIC: "a bzip2 archive",
}
# Brands in the first box of an ISO media file. A general brand, such as mif1, is given as well.
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEIC_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"mif2", b"msf1"}
)
_CANON_RAW_BRAND = b"crx "
_HEAD_BYTES = 512
_NOT_IN_TEXT = frozenset(range(32)) - frozenset(b"\t\n\f\r") | {127, 255}


def has_image_suffix(path: Path) -> bool:
    """Tell whether a file name has the ending of a picture; the content is not checked.

    Camera raw files count as pictures: reading one says what to do with it.
    """
    name, suffix = path.name.lower(), path.suffix.lower()
    is_single = suffix in IMAGE_SUFFIXES or suffix in CAMERA_RAW_SUFFIXES
    return is_single or name.endswith(_PACKED_SUFFIXES)


def has_camera_raw_suffix(name: str) -> bool:
    """Tell whether a file name has the ending of a camera raw file."""
    return Path(name).suffix.lower() in CAMERA_RAW_SUFFIXES


def is_fits(data: bytes) -> bool:
    """Tell whether a file is FITS, or packed; FITS is the only kind accepted in gzip or bzip2."""
    return data.startswith((FITS_MAGIC, GZIP_MAGIC, BZIP2_MAGIC))


def raster_format(data: bytes) -> str | None:
    """Return the picture format (other than FITS) of a file, such as "JPEG", or None."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    brands = _iso_brands(data)
    if brands & _AVIF_BRANDS:
        return "AVIF"
    if brands & _HEIC_BRANDS:
        return "HEIC"
    return next((kind for magic, kind in _RASTER_MAGICS.items() if data.startswith(magic)), None)


def describe_other(data: bytes) -> str | None:
    """Describe a file of another kind, such as "a PDF document"; None if it is unknown."""
    if brands := _iso_brands(data):
        return CAMERA_RAW if _CANON_RAW_BRAND in brands else "a video"
    head = data[:_HEAD_BYTES].removeprefix(b"\xef\xbb\xbf").lstrip().upper()
    for magic, description in _OTHER_MAGICS.items():
        if data.startswith(magic) or head.startswith(magic):
            return description
    return "a text file" if _is_text(data[:_HEAD_BYTES]) else None


def _is_text(head: bytes) -> bool:
    return bool(head.strip()) and not set(head) & _NOT_IN_TEXT


def _iso_brands(data: bytes) -> frozenset[bytes]:
    """Return the brands of a file in the ISO base media format; empty for other files."""
    if data[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(data[:4], "big"), _HEAD_BYTES)
    # The brands: the major one, its version, which is not a brand, and the compatible ones.
    return frozenset(data[at : at + 4] for at in (8, *range(16, end - 3, 4)))
