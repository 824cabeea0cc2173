"""Pictures whose metadata are large or damaged, or whose file ends early."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import decode_image
from tests.images.pictures import blocks, encode, noise


def chunk(kind, content, crc=None):
    crc = zlib.crc32(kind + content) if crc is None else crc
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def with_chunk(data, added, before=b"IDAT"):
    at = data.index(before) - 4
    return data[:at] + added + data[at:]


LONG_TEXT = zlib.compress(bytes(70_000_000))
ANCILLARY = {
    "long zTXt": chunk(b"zTXt", b"Raw profile\0\0" + LONG_TEXT),
    "long iTXt": chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + LONG_TEXT),
    "many tEXt": chunk(b"tEXt", b"Comment\0" + b"x" * 100_000) * 80,
    "wrong checksum of text": chunk(b"tEXt", b"Title\0M13", 1),
    "wrong checksum of Exif": chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0", 1),
    "broken Exif": chunk(b"eXIf", b"no such thing"),
    "broken profile": chunk(b"iCCP", b"P3\0\0" + b"no such thing"),
    "bomb as profile": chunk(b"iCCP", b"P3\0\0" + LONG_TEXT),
    "wrong length of pHYs": chunk(b"pHYs", b"\0"),
    "wrong length of gAMA": chunk(b"gAMA", b""),
    "wrong transparency": chunk(b"tRNS", b"\0", 1),
    "unknown chunk": chunk(b"abCd", b"?" * 99, 1),
    "broken animation": chunk(b"acTL", b"\0"),
}


@pytest.mark.parametrize("kind", ANCILLARY)
def test_ancillary_chunk_never_blocks_a_png(kind):
    data = with_chunk(encode(noise(), "PNG"), ANCILLARY[kind])
    assert np.array_equal(decode_image(data, "a"), np.asarray(noise()))


def test_png_with_a_wrong_trailer_is_shown():
    data = encode(noise(), "PNG")
    for end in (data[:-12], data[:-4] + b"\0\0\0\0", data + b"rubbish"):
        assert np.array_equal(decode_image(end, "a"), np.asarray(noise()))


def test_orientation_of_a_png_is_kept():
    tags = Image.Exif()
    tags[0x0112] = 6
    assert decode_image(encode(noise(), "PNG", exif=tags), "a").shape == (48, 32, 3)


@pytest.mark.parametrize("restarts", [0, 4])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:0"])
@pytest.mark.parametrize("size", [(64, 64), (200, 160), (17, 9)])
def test_jpeg_without_its_end_is_shown(size, subsampling, restarts):
    data = encode(
        noise(*size), "JPEG", subsampling=subsampling, restart_marker_blocks=restarts, quality=90
    )
    whole, cut = decode_image(data, "a").astype(int), decode_image(data[:-2], "a")
    assert np.abs(whole - cut).mean() < 1


@pytest.mark.parametrize("min_side_px", [None, 8])
@pytest.mark.parametrize("restarts", [0, 4, 25])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.85, 0.95])
def test_jpeg_without_its_last_rows_is_shown(min_side_px, restarts, share):
    data = encode(noise(200, 160), "JPEG", restart_marker_blocks=restarts)
    cut = data[: int(len(data) * share)]
    if share < 0.8:
        with pytest.raises(ImageError, match=r"half\.jpg is a damaged") as caught:
            decode_image(cut, "half.jpg", min_side_px=min_side_px)
        assert caught.value.reason == ImageProblem.UNREADABLE
        return
    whole = decode_image(data, "a", min_side_px=min_side_px).astype(int)
    n_good = int(len(whole) * (share - 0.15))
    shown = decode_image(cut, "a", min_side_px=min_side_px)
    assert np.array_equal(shown[:n_good], whole[:n_good])


@pytest.mark.parametrize("share", [0.6, 0.9])
def test_progressive_jpeg_is_shown_once_every_pixel_is_known(share):
    smooth = noise(8, 8).resize((200, 160), Image.Resampling.BICUBIC)
    data = encode(smooth, "JPEG", progressive=True, quality=90)
    shown = decode_image(data[: int(len(data) * share)], "a").astype(int)
    assert np.abs(shown - np.asarray(smooth)).mean() < 8


def test_progressive_jpeg_cut_in_its_first_scan_is_damaged():
    data = encode(noise(200, 160), "JPEG", progressive=True)
    first = data.index(b"\xff\xda")
    with pytest.raises(ImageError, match="damaged or incomplete JPEG"):
        decode_image(data[: first + 60], "a")


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", mode) for mode in ("RGB", "L", "P", "1", "RGBA", "I;16")]
    + [("BMP", mode) for mode in ("RGB", "L", "P", "1")],
)
def test_last_rows_may_be_missing_in_every_mode(kind, mode):
    levels = np.asarray(noise(90, 80).convert("L"))
    image = {
        "I;16": Image.fromarray(levels.astype(np.uint16) * 257),
        "P": noise(90, 80).quantize(64),
    }.get(mode) or noise(90, 80).convert(mode)
    data = encode(image, kind)
    whole, shown = decode_image(data, "a"), decode_image(data[: len(data) * 9 // 10], "a")
    n_lost = np.count_nonzero((shown != whole).any(axis=(1, 2)))
    assert 5 <= n_lost <= 20
    with pytest.raises(ImageError, match="damaged"):
        decode_image(data[: len(data) // 2], "a")


def test_wide_gamut_profile_is_converted():
    from PIL import ImageCms

    # sRGB with red and blue exchanged, which is as different as a profile can be.
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exchanged = bytearray(profile)
    tags = {}
    for index in range(int.from_bytes(profile[128:132], "big")):
        at = 132 + 12 * index
        tags[profile[at : at + 4]] = at
    red, blue = tags[b"rXYZ"], tags[b"bXYZ"]
    exchanged[red + 4 : red + 12], exchanged[blue + 4 : blue + 12] = (
        profile[blue + 4 : blue + 12],
        profile[red + 4 : red + 12],
    )
    renamed = bytes(exchanged).replace(b"s\0R\0G\0B", b"t\0e\0s\0t")
    image = Image.new("RGB", (20, 20), (250, 20, 20))
    image.paste((20, 20, 20), (5, 5, 9, 9))
    for kind in ("JPEG", "PNG", "TIFF", "WEBP", "AVIF"):
        plain = decode_image(encode(image, kind), "a")
        assert plain[15, 15, 0] > 200
        converted = decode_image(encode(image, kind, icc_profile=renamed), "a")
        assert converted[15, 15, 2] > 200
        assert converted[15, 15, 0] < 60
        assert np.array_equal(decode_image(encode(image, kind, icc_profile=profile), "a"), plain)
        broken = renamed[:40] + bytes(200)
        if kind != "AVIF":
            assert np.array_equal(decode_image(encode(image, kind, icc_profile=broken), "a"), plain)


@pytest.mark.parametrize(("colours", "mode"), [(b"RGB ", "RGB"), (b"GRAY", "L")])
def test_linear_profile_is_applied_whatever_its_name(colours, mode):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    curve = struct.pack(">4sII", b"curv", 0, 0)  # no entries: linear
    linear = bytearray(profile + curve)
    linear[:4], linear[16:20] = struct.pack(">I", len(linear)), colours
    for letter in b"rgb":
        at = profile.index(bytes([letter]) + b"TRC")
        linear[at + 4 : at + 12] = struct.pack(">II", len(profile), len(curve))
    if mode == "L":
        linear[profile.index(b"rTRC") : profile.index(b"rTRC") + 1] = b"k"
    levels = noise().convert(mode)
    plain = np.asarray(levels.convert("RGB")) / 255
    shown = decode_image(encode(levels, "PNG", icc_profile=bytes(linear)), "a") / 255
    assert shown.mean() > plain.mean() + 0.1


def test_profile_of_another_colour_space_is_ignored():
    from PIL import ImageCms

    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    data = encode(blocks(), "PNG", icc_profile=lab)
    assert np.array_equal(decode_image(data, "a"), np.asarray(blocks()))


def test_animation_cut_off_after_its_first_frame_is_shown():
    frames = [Image.new("RGB", (48, 32)), noise()]  # the first one is blank
    whole = encode(frames[0], "GIF", save_all=True, append_images=frames[1:])
    second = whole.rindex(b"\x2c\0\0\0\0\x30\0\x20\0")  # a frame of 48 by 32 pixels
    for size in range(second, len(whole)):
        decode_image(whole[:size], "cut.gif")
