"""Decide how a page of a TIFF file is decoded: by Pillow, by ourselves, or not at all."""

from __future__ import annotations

from cluster_core.images.tiff.headers import TiffPage

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB = 0, 1, 2
_PALETTE, _CMYK, _YCBCR, _LAB = 3, 5, 6, 8
UNSIGNED, SIGNED, FLOAT, UNDEFINED = 1, 2, 3, 4
UNCOMPRESSED = 1
_JPEGS = frozenset({6, 7})
# Compressions that give back bytes, whatever these mean: none, LZW, deflate (two numbers),
# PackBits, LZMA, Zstandard.
_OF_BYTES = frozenset({UNCOMPRESSED, 5, 8, 32946, 32773, 34925, 50000})
_OF_PILLOW = _OF_BYTES | _JPEGS | {2, 3, 4}  # and of fax machines
_COMPRESSION_NAMES = {
    **{33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000"},
    **{22610: "JPEG XR", 34934: "JPEG XR", 50001: "WebP", 50002: "JPEG XL", 52546: "JPEG XL"},
    **{34887: "LERC", 34661: "JBIG", 32809: "ThunderScan", 34676: "LogLuv", 34677: "LogLuv"},
}
_COLOUR_NAMES = {9: "in ICC Lab", 10: "in ITU Lab", 32844: "in LogL", 32845: "in LogLuv"}
_FLOAT_BITS = frozenset({16, 32, 64})
_WHOLE_BYTES = frozenset({8, 16, 32, 64})
_MAX_PACKED_BITS = 16
_ALPHAS = frozenset({1, 2})  # of the extra samples
_PREDICTORS = (1, 2, 3)  # none, horizontal, of floats
_BITS_OF_PILLOW = {
    **{_PALETTE: (1, 2, 4, 8), _CMYK: (8, 16), _YCBCR: (8,), _LAB: (8,)},
    **{WHITE_IS_ZERO: (1, 2, 4, 8), BLACK_IS_ZERO: (1, 2, 4, 8), RGB: (8,)},
}
# Photometric tag, samples, bits and extra samples of the layouts that Pillow reads rightly.
_ONE_EXTRA = ((0,), (1,), (2,))
_PLAIN = frozenset(
    {(grey, 1, bits, ()) for grey in (WHITE_IS_ZERO, BLACK_IS_ZERO) for bits in (1, 2, 4, 8)}
    | {(BLACK_IS_ZERO, 1, 16, ()), *((BLACK_IS_ZERO, 2, 8, extra) for extra in _ONE_EXTRA)}
    | {(RGB, 3, bits, ()) for bits in (8, 16)}
    | {(RGB, 4, bits, extra) for bits in (8, 16) for extra in ((), *_ONE_EXTRA)}
)


def is_for_pillow(page: TiffPage) -> bool:
    """Tell whether Pillow decodes a page, and rightly.

    Pillow opens more than that: it reads separate planes of 16 bits as 8, takes no account
    of the sign of 8 bits or of white that is zero in 16, and turns large unsigned numbers
    of 32 bits into negative ones. It does not know which value stands for no data. Of BigTIFF
    it knows only one byte order.
    """
    if page.photometric > RGB or page.compression not in _OF_BYTES:
        return True
    if page.no_data is not None and page.bits[0] > 8:  # noqa: PLR2004 (bits)
        return False
    if page.is_big or page.is_planar or page.sample_format != UNSIGNED or len(set(page.bits)) != 1:
        return False
    return (page.photometric, page.samples, page.bits[0], page.extra_samples) in _PLAIN


def is_plain_colour(page: TiffPage) -> bool:
    """Tell whether a page is RGB that `TiffSamples` can read as well."""
    return (
        page.photometric == RGB and page.compression in _OF_BYTES and _is_good(page, page.bits[0])
    )


def name_unsupported(page: TiffPage) -> str | None:
    """Name what makes a page unreadable, such as "a TIFF of complex numbers".

    Returns
    -------
    str or None
        None if the page can be read, by Pillow or by ourselves.
    """
    if page.compression not in _OF_PILLOW:
        method = _COMPRESSION_NAMES.get(page.compression, f"method {page.compression}")
        return f"a TIFF compressed with {method}"
    if page.sample_format not in (UNSIGNED, SIGNED, FLOAT, UNDEFINED):
        return "a TIFF of complex numbers"
    if len(set(page.bits)) != 1 or len(page.bits) != page.samples:
        return "a TIFF with different numbers of bits for its colours"
    if page.photometric not in _BITS_OF_PILLOW:
        kind = _COLOUR_NAMES.get(page.photometric, f"of kind {page.photometric}")
        return f"a TIFF with colours {kind}"
    bits = page.bits[0]
    is_good = _is_good_for_pillow(page, bits) if is_for_pillow(page) else _is_good(page, bits)
    return None if is_good else describe(page)


def count_channels(page: TiffPage) -> int:
    """Return how many grey pictures a page holds: one for each band of a multispectral picture."""
    is_grey = page.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO) and not is_for_pillow(page)
    return page.samples if is_grey and not _ALPHAS.intersection(page.extra_samples) else 1


def describe(page: TiffPage) -> str:
    """Describe a page's pixels, such as "a TIFF with 3 x 24 bits (float)"."""
    kind = {SIGNED: "signed", FLOAT: "float"}.get(page.sample_format, "unsigned")
    planes = ", in separate planes" if page.is_planar else ""
    colours = {_PALETTE: "palette, ", _CMYK: "CMYK, ", _YCBCR: "YCbCr, ", _LAB: "Lab, "}
    colour = colours.get(page.photometric, "")
    return f"a TIFF with {page.samples} x {page.bits[0]} bits ({colour}{kind}{planes})"


def _is_good_for_pillow(page: TiffPage, bits: int) -> bool:
    if page.sample_format not in (UNSIGNED, UNDEFINED):
        return False
    if page.photometric == _YCBCR and page.compression == UNCOMPRESSED:
        # Pillow takes no account of colours in half the resolution.
        subsampling = tuple(int(value) for value in page.tags.get(530, (2, 2)))
        return bits == 8 and subsampling == (1, 1) and not page.is_planar  # noqa: PLR2004 (bits)
    if page.compression in _OF_BYTES and page.photometric <= RGB:
        return True  # as `is_for_pillow` checked
    return bits in _BITS_OF_PILLOW[page.photometric] and not (page.is_planar and bits > 8)  # noqa: PLR2004


def _is_good(page: TiffPage, bits: int) -> bool:
    n_colours = 3 if page.photometric == RGB else 1
    predictor = page.first(317, 1)
    if page.samples < n_colours or predictor not in _PREDICTORS:
        return False
    if predictor != 1 and (bits % 8 or (predictor == 3 and page.sample_format != FLOAT)):  # noqa: PLR2004
        return False
    if page.sample_format == FLOAT:
        return bits in _FLOAT_BITS
    if page.sample_format == SIGNED:
        return bits in _WHOLE_BYTES
    return bits in _WHOLE_BYTES or 1 <= bits <= _MAX_PACKED_BITS
