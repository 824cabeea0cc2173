"""TIFF files as cameras, microscopes and telescopes write them."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import pytest
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import ImageLimits, decode_image
from cluster_core.images.raster import decoding
from tests.images.pictures import add_page, encode, noise, write_tiff

# Columns and rows differ, so that exchanged, shifted or repeated ones are noticed.
_Y, _X = np.mgrid[:23, :37]
COLOURS = np.stack([_X * 6, _Y * 9, _X * 3 + _Y * 4], axis=2).astype(np.uint8)
COLOURS[0, 0], COLOURS[0, 1] = 0, 255
GREY = COLOURS[..., 2]
DTYPES = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8"]
LAYOUTS = [
    {},
    {"deflate": True},
    {"deflate": True, "predictor": 2},
    {"tile": 16},
    {"tile": 16, "deflate": True, "predictor": 2},
]


def as_type(levels, dtype):
    """Convert 8-bit levels to another type: its whole range, or 0 to 1 for floats."""
    dtype = np.dtype(dtype)
    if dtype.kind == "f":
        return (levels / 255).astype(dtype)
    limits = np.iinfo(dtype)
    step = (int(limits.max) - int(limits.min)) // 255
    low = int(limits.min)
    table = np.array([low + step * level for level in range(256)], dtype)
    return table[levels]


def error(data, expected):
    found = decode_image(data, "a.tif", deep_by_type=True).astype(int)
    assert found.shape == (*expected.shape[:2], 3)
    return np.abs(found - (expected if expected.ndim == 3 else expected[..., np.newaxis])).max()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_number_type_is_decoded(dtype, layout):
    for order, big, levels in itertools.product("<>", (False, True), (GREY, COLOURS)):
        for planar in {False, levels.ndim == 3}:
            data = write_tiff(as_type(levels, dtype), order=order, big=big, planar=planar, **layout)
            assert error(data, levels) <= 1


@pytest.mark.parametrize("tile", [0, 16])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
@pytest.mark.parametrize("levels", [GREY, COLOURS], ids=["grey", "colour"])
def test_float_predictor_is_undone(dtype, tile, levels):
    data = write_tiff(as_type(levels, dtype), tile=tile, deflate=True, predictor=3)
    assert error(data, levels) <= 1


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "zstd", "packbits"])
def test_own_decoder_agrees_with_pillow(compression, monkeypatch):
    for image in (noise(), noise().convert("L"), noise().convert("RGBA")):
        data = encode(image, "TIFF", compression=compression)
        expected = decode_image(data, "a")
        with monkeypatch.context() as patch:
            patch.setattr("cluster_core.images.tiff.decoding.is_for_pillow", lambda _: False)
            assert np.array_equal(decode_image(data, "a"), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_white_is_zero_is_inverted(dtype):
    assert error(write_tiff(as_type(GREY, dtype), tags={262: 0}), 255 - GREY.astype(int)) <= 1


@pytest.mark.parametrize("n_bits", [1, 3, 4, 9, 10, 12, 14])
def test_packed_bits_are_unpacked(n_bits):
    values = (
        GREY.astype(np.int64) >> 8 - n_bits if n_bits < 8 else GREY.astype(np.int64) << n_bits - 8
    )
    bits = values[..., np.newaxis] >> np.arange(n_bits)[::-1] & 1
    packed = np.packbits(bits.reshape(len(GREY), -1).astype(np.uint8), axis=1)
    tags = {256: GREY.shape[1], 258: n_bits}
    assert error(write_tiff(packed, tags=tags), np.rint(values / (2**n_bits - 1) * 255)) <= 1


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planar", [False, True])
@pytest.mark.parametrize("levels", [GREY[..., np.newaxis], COLOURS], ids=["grey", "colour"])
def test_alpha_is_applied_and_unknown_samples_are_not(dtype, planar, levels):
    alpha = np.full((*GREY.shape, 1), 255, np.uint8)
    alpha[:9] = 0
    pixels = as_type(np.concatenate([levels, alpha], axis=2), dtype)
    photometric = 2 if levels.shape[2] == 3 else 1
    tags = {262: photometric, 338: 2}
    transparent = np.where(alpha, levels, 0)
    assert error(write_tiff(pixels, planar=planar, tags=tags), transparent) <= 1
    tags[338] = 0
    assert error(write_tiff(pixels, planar=planar, tags=tags), levels) <= 1


def test_floats_beyond_one_are_scaled_by_their_range():
    values = GREY.astype(np.float32) * 40 - 2000
    assert error(write_tiff(values), GREY) <= 1


def test_values_that_are_not_finite_are_black():
    values = as_type(GREY, "f4")
    values[3, :3] = np.nan, np.inf, -np.inf
    assert not decode_image(write_tiff(values), "a")[3, :3].any()


def test_first_page_with_a_picture_is_shown():
    blank = np.zeros_like(GREY, np.uint16)
    data = write_tiff(blank, blank, as_type(GREY, "u2"), as_type(255 - GREY, "u2"))
    assert error(data, GREY) <= 1


def test_blank_picture_stays_blank():
    blank = np.full_like(GREY, 9)
    assert (decode_image(write_tiff(blank, blank), "a") == 9).all()


def test_thumbnail_is_skipped():
    thumbnail = encode(noise(8, 8), "TIFF")
    assert decode_image(thumbnail, "a").shape == (8, 8, 3)
    first = write_tiff(GREY[:8, :8], GREY, tags={254: 0})
    assert decode_image(first, "a").shape == (8, 8, 3)
    marked = first.replace(b"\xfe\0\4\0\1\0\0\0\0", b"\xfe\0\4\0\1\0\0\0\1", 1)
    assert error(marked, GREY) == 0


@pytest.mark.parametrize("tags", [{255: 2}, {262: 4}, {254: 1}, {254: 4}])
def test_thumbnail_or_mask_by_any_tag_is_skipped(tags):
    small = GREY[::2, ::2]
    first = write_tiff(small, tags=tags)
    both = add_page(first, GREY, "<I")
    data, start, _ = both
    link = _end_of_directory(data)
    assert error(data[:link] + struct.pack("<I", start) + data[link + 4 :], GREY) == 0


def _end_of_directory(data):
    (start,) = struct.unpack_from("<I", data, 4)
    return start + 2 + 12 * struct.unpack_from("<H", data, start)[0]


def test_tiny_first_page_is_a_thumbnail_without_being_called_one():
    assert error(write_tiff(255 - GREY[:4, :4], GREY), GREY) == 0


def test_picture_below_a_thumbnail_is_shown():
    data, start, _ = add_page(write_tiff(), GREY, "<I")
    thumbnail, first, _ = add_page(data, GREY[:5, :5], "<I", tags={254: 1, 330: start})
    assert error(thumbnail[:4] + struct.pack("<I", first) + thumbnail[8:], GREY) == 0


def test_blank_band_of_a_multispectral_picture_is_skipped():
    bands = np.stack([np.zeros_like(GREY), GREY], axis=2).astype(np.uint16) * 257
    data = write_tiff(bands, planar=True, tags={262: 1})
    assert error(data, GREY) <= 1


@pytest.mark.parametrize("value", [-9999, 200])
def test_declared_filler_does_not_set_the_range(value):
    plain = (GREY.astype(np.float32) + 1000) / 7
    filled = plain.copy()
    filled[3:9, 5:30] = value
    expected = decode_image(write_tiff(plain), "a").astype(int)
    shown = decode_image(write_tiff(filled, tags={42113: f"{value}\0".encode()}), "a").astype(int)
    assert not shown[3:9, 5:30].any()
    assert np.abs(shown[10:] - expected[10:]).max() < 25


def test_palette_of_eight_bit_values_is_read():
    colours = np.arange(256)[::-1].repeat(3).reshape(256, 3).T.ravel().tolist()
    data = write_tiff(GREY, tags={262: 3, 320: colours})
    assert error(data, 255 - GREY) == 0


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_orientation_is_applied(orientation):
    data = write_tiff(as_type(COLOURS, "f4"), tags={274: orientation})
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]
    assert error(data, np.rot90(COLOURS, turns)) <= 1


@pytest.mark.parametrize(
    ("pixels", "tags", "words"),
    [
        (GREY.astype(np.complex64), {}, "complex numbers"),
        (GREY, {259: 34712}, "compressed with JPEG 2000"),
        (GREY, {259: 12345}, "method 12345"),
        (COLOURS, {258: [8, 8, 4]}, "different numbers of bits"),
        (GREY, {262: 32844}, "colours in LogL"),
        (GREY.astype(np.float32), {258: 24}, "24 bits"),
        (as_type(COLOURS, "f4"), {262: 8}, "32 bits"),
        (COLOURS, {262: 6, 530: [2, 2]}, "3 x 8 bits"),
    ],
)
def test_unsupported_variety_is_named(pixels, tags, words):
    with pytest.raises(ImageError, match=words) as caught:
        decode_image(write_tiff(pixels, tags=tags), "a.tif")
    assert caught.value.reason == ImageProblem.UNSUPPORTED
    assert "damaged" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.dng", write_tiff(GREY, tags={262: 32803})),
        ("a.dng", write_tiff(GREY, tags={50706: 1})),
        ("a.tif", write_tiff(COLOURS, tags={33422: 1})),
        ("IMG_1.CR2", write_tiff(COLOURS)),
        ("a.jpg", write_tiff(COLOURS)[:8] + b"CR" + write_tiff(COLOURS)[10:]),
        ("a.raf", b"FUJIFILMCCD-RAW 0201" + bytes(99)),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom"),
    ],
)
def test_camera_raw_is_named(name, data):
    with pytest.raises(
        ImageError, match=r"is a camera raw file.*export it as JPEG or TIFF"
    ) as caught:
        decode_image(data, name)
    assert caught.value.reason == ImageProblem.UNSUPPORTED


def test_sensor_data_behind_a_preview_is_found():
    hidden = write_tiff(GREY, tags={262: 32803})
    offset = int.from_bytes(hidden[4:8], "little")
    data, start, _ = add_page(hidden, COLOURS, "<I", tags={330: offset})
    with pytest.raises(ImageError, match="camera raw"):
        decode_image(data[:4] + start.to_bytes(4, "little") + data[8:], "a.tif")


@pytest.mark.parametrize(
    "tags",
    [
        {256: 10_000, 257: 10_000},
        {322: 10_000, 323: 10_000, 324: 8, 325: 9},
        {256: 7000, 257: 7000, 258: [64] * 3},
        {256: 100, 257: 400_000, 278: 1},
        {277: 65_000, 258: 64, 256: 1000, 257: 1000},
    ],
    ids=["size", "tile", "bytes", "pieces", "samples"],
)
def test_claimed_size_is_refused_before_decoding(tags):
    with pytest.raises(ImageError) as caught:
        decode_image(write_tiff(as_type(COLOURS, "f4"), tags=tags), "a.tif")
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_limit_of_unpacked_bytes_is_set_by_the_caller():
    data = write_tiff(as_type(COLOURS, "f4"))
    n_bytes = 4 * COLOURS.size
    assert decode_image(data, "a", limits=ImageLimits(max_unpacked_bytes=n_bytes)).any()
    with pytest.raises(ImageError, match="unpacks to"):
        decode_image(data, "a", limits=ImageLimits(max_unpacked_bytes=n_bytes - 1))


def test_directories_in_a_circle_end():
    data, first, link = add_page(b"II*\0" + bytes(4), np.zeros((9, 9), np.uint16), "<I")
    offset = first.to_bytes(4, "little")
    data = data[:4] + offset + data[8:link] + offset + data[link + 4 :]
    assert decode_image(data, "a").shape == (9, 9, 3)


def test_colour_planes_of_any_channel_count_are_read():
    many = np.concatenate([COLOURS, COLOURS[..., :2]], axis=2)
    data = write_tiff(as_type(many, "u2"), planar=True, tags={338: [0, 0]})
    assert error(data, COLOURS) <= 1


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("planar", [False, True])
def test_few_last_rows_may_be_missing(dtype, planar):
    tall = as_type(np.tile(COLOURS, (4, 1, 1)), dtype)
    n_strips = -(-len(tall) // 5)
    strip_bytes = 5 * tall[0].nbytes // (3 if planar else 1)
    starts = [
        8 + plane * tall[..., 0].nbytes + strip * strip_bytes
        for plane in range(3 if planar else 1)
        for strip in range(n_strips)
    ]

    def without(n_lost):
        kept = [
            start if i % n_strips < n_strips - n_lost else 2**30 for i, start in enumerate(starts)
        ]
        return write_tiff(tall, planar=planar, tags={273: kept})

    assert error(without(0), np.tile(COLOURS, (4, 1, 1))) <= 1
    shown = decode_image(without(2), "a")
    assert np.abs(shown[:80].astype(int) - np.tile(COLOURS, (4, 1, 1))[:80]).max() <= 1
    assert not shown[-5:].any()
    with pytest.raises(ImageError, match="damaged or incomplete TIFF"):
        decode_image(without(n_strips // 2), "a")


def test_pillow_image_of_float_mode_follows_the_same_rule():
    data = encode(Image.fromarray(as_type(GREY, "f4") / 2), "TIFF")
    assert error(data, GREY / 2) <= 1


def test_tag_of_a_wrong_type_is_damage():
    data = encode(noise(), "TIFF")
    at = data.index(b"\x11\1\4\0\1\0\0\0")  # the offset of the pixels, as a fraction
    with pytest.raises(ImageError, match="damaged"):
        decode_image(data[: at + 2] + b"\5" + data[at + 3 :], "a")


@pytest.mark.parametrize("turn", range(1, 9))
def test_uncompressed_page_needs_no_decoder(turn, monkeypatch):
    monkeypatch.setattr("cluster_core.images.tiff.decoding._decode_with_pillow", None)
    for image in (noise(), noise().convert("L")):
        exif = Image.Exif()
        exif[274] = turn
        plain, turned = (
            decode_image(encode(image, kind, exif=exif), "a") for kind in ("TIFF", "PNG")
        )
        assert np.array_equal(plain, turned)


def test_strips_apart_from_each_other_are_decoded():
    strips = encode(noise(), "TIFF", tiffinfo={278: 8})
    apart = encode(noise(), "TIFF", tiffinfo={278: 8}, compression="packbits")
    assert np.array_equal(decode_image(strips, "a"), decode_image(apart, "a"))


@pytest.mark.parametrize(("planar", "n_tried"), [(False, 4), (True, 11)])
def test_many_blank_bands_are_not_all_tried(planar, n_tried, monkeypatch):
    tried = []
    bands = np.zeros((*GREY.shape, 40), np.uint8)
    monkeypatch.setattr(decoding, "_MAX_TRIED_PIXELS", 10 * GREY.size)
    monkeypatch.setattr(decoding, "is_blank", lambda pixels: tried.append(pixels.shape) or True)
    decode_image(write_tiff(bands, planar=planar, tags={262: 1}), "a")
    assert len(tried) == n_tried
