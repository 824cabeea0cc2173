"""Decoding of JPEG, PNG and other raster formats."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import ImageLimits, decode_image
from cluster_core.images.raster import decoding
from tests.images.pictures import blocks, encode, noise

LOSSLESS = [
    ("PNG", {}),
    ("BMP", {}),
    ("WEBP", {"lossless": True}),
    ("TIFF", {}),
    ("TIFF", {"compression": "tiff_lzw"}),
    ("TIFF", {"compression": "tiff_deflate"}),
]
ORIENTATION = 0x0112


def png_of_zeros(width, height):
    """Return a valid PNG of one colour, 1 bit per pixel: small on disk, large in memory."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = zlib.compress(bytes((width + 7) // 8 + 1) * height, 9)
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def exif(orientation):
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


@pytest.mark.parametrize(("kind", "options"), LOSSLESS)
def test_lossless_formats_return_exact_pixels(kind, options):
    pixels = decode_image(encode(noise(), kind, **options), "a.dat")
    assert np.array_equal(pixels, np.asarray(noise()))
    assert pixels.flags.c_contiguous
    assert pixels.flags.writeable


def test_gif_returns_exact_palette_pixels():
    indexed = noise().quantize(64)
    expected = np.asarray(indexed.convert("RGB"))
    assert np.array_equal(decode_image(encode(indexed, "GIF"), "a"), expected)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_first_of_several_pictures_is_decoded(kind):
    black = Image.new("RGB", (48, 32))
    data = encode(blocks(), kind, save_all=True, append_images=[black, black])
    assert np.abs(decode_image(data, "a").astype(int) - np.asarray(blocks())).mean() < 12


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_of_every_kind_is_decoded(mode, progressive):
    image = blocks().convert(mode)
    pixels = decode_image(encode(image, "JPEG", quality=95, progressive=progressive), "a")
    assert np.abs(pixels.astype(int) - np.asarray(image.convert("RGB"))).mean() < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("min_side_px", [None, 8])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(kind, min_side_px, orientation):
    image = blocks(192, 128)
    data = encode(image, kind, exif=exif(orientation).tobytes())
    pixels = decode_image(data, "a", min_side_px=min_side_px)
    image.getexif()[ORIENTATION] = orientation
    expected = ImageOps.exif_transpose(image).resize(pixels.shape[1::-1], Image.Resampling.NEAREST)
    assert np.abs(pixels.astype(int) - np.asarray(expected)).mean() < 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_damaged_exif_is_ignored(kind):
    data = encode(blocks(), kind, exif=b"Exif\0\0no such thing")
    assert decode_image(data, "a").shape == (32, 48, 3)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_first_frame_that_is_not_blank_is_decoded(kind):
    blank = Image.new("RGB", (48, 32))
    data = encode(blank, kind, save_all=True, append_images=[blank, blocks()])
    assert np.abs(decode_image(data, "a").astype(int) - np.asarray(blocks())).mean() < 12


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_blank_frames_give_the_first(kind):
    blank = Image.new("RGB", (48, 32), (9, 9, 9))
    data = encode(blank, kind, save_all=True, append_images=[blank, blank])
    assert np.unique(decode_image(data, "a")).tolist() == [9]


@pytest.mark.parametrize("side", [1, 7, 20, 33, 64, 100])
def test_reduced_jpeg_keeps_twice_the_target_side(side):
    full = decode_image(encode(noise(321, 200), "JPEG"), "a")
    reduced = decode_image(encode(noise(321, 200), "JPEG"), "a", min_side_px=side)
    assert min(reduced.shape[:2]) >= min(2 * side, 200)
    assert reduced.shape[0] * 8 >= full.shape[0]


def test_large_jpeg_is_decoded_at_reduced_size():
    assert decode_image(encode(noise(800, 640), "JPEG"), "a", min_side_px=40).shape == (80, 100, 3)


def test_small_png_is_not_reduced():
    assert decode_image(encode(noise(), "PNG"), "a", min_side_px=2).shape == (32, 48, 3)


def test_sixteen_bit_png_is_scaled_not_clipped():
    values = np.linspace(0, 65535, 600).astype(np.uint16).reshape(20, 30)
    pixels = decode_image(encode(Image.fromarray(values), "PNG"), "a")
    assert np.abs(pixels[..., 0] - values / 257).max() <= 0.5


def test_oversized_picture_is_rejected_by_its_header():
    # 12,000 x 12,000 pixels in less than half a megabyte.
    data = png_of_zeros(12_000, 12_000)
    assert len(data) < 500_000
    with pytest.raises(ImageError, match="144 megapixels") as caught:
        decode_image(data, "M13.png")
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_picture_above_pillows_limit_is_rejected():
    with pytest.raises(ImageError) as caught:
        decode_image(png_of_zeros(20_000, 20_000), "huge.png")
    assert caught.value.reason == ImageProblem.TOO_LARGE


def test_pixel_limit_is_set_by_the_caller():
    data = encode(noise(), "PNG")
    assert decode_image(data, "a", limits=ImageLimits(max_pixels=48 * 32)).shape == (32, 48, 3)
    with pytest.raises(ImageError):
        decode_image(data, "a", limits=ImageLimits(max_pixels=48 * 32 - 1))


def test_oversized_tiff_tile_is_rejected():
    tags = {256: 48, 257: 32, 258: 8, 259: 1, 262: 1, 277: 1}
    tags |= {322: 12_000, 323: 12_000, 324: 256, 325: 144}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    data = struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(400)
    with pytest.raises(ImageError, match="144 megapixels") as caught:
        decode_image(data, "a.tif")
    assert caught.value.reason == ImageProblem.TOO_LARGE


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
        (b"\1\2\3" + bytes(12), "unknown kind"),
        (encode(noise(), "ICO"), "icon"),
    ],
)
def test_other_format_is_rejected_by_content(data, found):
    with pytest.raises(ImageError, match=found) as caught:
        decode_image(data, "M13.jpg")
    assert caught.value.reason == ImageProblem.UNSUPPORTED
    assert "WebP, TIFF, BMP, GIF, AVIF, JPEG 2000, FITS, XISF and SER" in str(caught.value)


@pytest.mark.parametrize(
    ("marker", "bits", "found"),
    [(0xC0, 12, "12 bits"), (0xC3, 8, "lossless"), (0xF7, 8, "JPEG-LS"), (0xC5, 8, "hierarchical")],
)
def test_jpeg_of_a_rare_variety_is_not_called_damaged(marker, bits, found):
    data = bytearray(encode(noise(), "JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = marker, bits
    with pytest.raises(ImageError, match=found) as caught:
        decode_image(bytes(data), "M13.jpg")
    assert caught.value.reason == ImageProblem.UNSUPPORTED


def test_png_of_an_iphone_app_and_odd_bmp_are_not_called_damaged():
    png = encode(noise(), "PNG")
    chunk = struct.pack(">I", 4) + b"CgBIP\0 \2" + struct.pack(">I", zlib.crc32(b"CgBIP\0 \2"))
    bmp = bytearray(encode(noise(), "BMP"))
    bmp[28:31] = 32, 0, 3  # masks that are not there
    for data in (png[:8] + chunk + png[8:60], bytes(bmp)):
        with pytest.raises(ImageError) as caught:
            decode_image(data, "a")
        assert caught.value.reason == ImageProblem.UNSUPPORTED


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_long_blank_animation_is_not_decoded_to_its_end(kind, monkeypatch):
    side, decoded = 100, []
    frames = [Image.new("RGB", (side, side), (number % 2, 0, 0)) for number in range(60)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:])
    monkeypatch.setattr(decoding, "_MAX_TRIED_PIXELS", 100 * side**2)
    monkeypatch.setattr(decoding, "is_blank", lambda pixels: decoded.append(pixels.shape) or True)
    decode_image(data, "a")
    # The second frame takes two, the third three and so on, as all before it are decoded again.
    assert len(decoded) == 13
