"""Decoding of XISF files, including damaged and hostile ones."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import (
    FitsStretch,
    ImageLimits,
    decode_image,
    has_image_suffix,
    noting_losses,
)
from cluster_core.images.stretch import apply_stretch
from tests.images.pictures import sky

SKY = np.rint(sky()).astype("<u2")
TYPES = {"u1": "UInt8", "u2": "UInt16", "u4": "UInt32", "f4": "Float32", "f8": "Float64"}


def write(block, *, geometry="80:64:1", kind="UInt16", attributes="", inner="", before=""):
    """Return a file with one picture; `attributes` come last."""
    xml = (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}'
        '<xisf version="1.0" xmlns="http://www.pixinsight.com/xisf">'
        f'<Image geometry="{geometry}" sampleFormat="{kind}" '
        f'location="attachment:2048:{len(block)}" {attributes}>{inner}</Image></xisf>'
    ).encode()
    return (b"XISF0100" + struct.pack("<I4x", len(xml)) + xml).ljust(2048, b"\0") + block


def reason_of(data, **options):
    with pytest.raises(ImageError) as caught:
        decode_image(data, "a.xisf", **options)
    assert "a.xisf" in str(caught.value)
    return caught.value.reason


def expected(planes):
    levels = apply_stretch(planes, FitsStretch())
    return np.repeat(levels, 3 // len(levels), axis=0).transpose(1, 2, 0)


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "f4", "f8"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_type_gives_the_same_picture(dtype, order):
    values = np.rint(sky() / 25).clip(0, 255)
    attributes = 'byteOrder="big"' if order == ">" else ""
    data = write(values.astype(order + dtype).tobytes(), kind=TYPES[dtype], attributes=attributes)
    assert np.array_equal(decode_image(data, "a.xisf"), expected(values[np.newaxis]))


@pytest.mark.parametrize("shuffled", [False, True])
def test_zlib_is_lossless(shuffled):
    block = SKY.tobytes()
    codec = f"zlib:{len(block)}"
    if shuffled:
        block, codec = SKY.view(np.uint8).reshape(-1, 2).T.tobytes(), f"zlib+sh:{len(block)}:2"
    data = write(zlib.compress(block), attributes=f'compression="{codec}"')
    assert np.array_equal(decode_image(data, "a"), expected(SKY[np.newaxis]))


@pytest.mark.parametrize("storage", ["Planar", "Normal"])
@pytest.mark.parametrize("n_channels", [3, 4])
def test_colours_are_read_without_transparency(storage, n_channels):
    planes = np.stack([SKY, SKY + 3, SKY + 900, SKY * 0][:n_channels])
    block = planes if storage == "Planar" else planes.transpose(1, 2, 0)
    data = write(
        block.tobytes(),
        geometry=f"80:64:{n_channels}",
        attributes=f'colorSpace="RGB" pixelStorage="{storage}"',
    )
    assert np.array_equal(decode_image(data, "a"), expected(planes[:3]))


def test_mosaic_is_shown_in_colour():
    inner = '<ColorFilterArray pattern="RGGB" width="2" height="2"/>'
    values = np.full((64, 80), 1000, "<u2")
    values[20:40:2, 20:40:2] = 4000
    pixels = decode_image(write(values.tobytes(), inner=inner), "a").astype(int)
    assert pixels[30, 30, 0] > pixels[30, 30, 1] + 100


@pytest.mark.parametrize(
    ("attributes", "words"),
    [
        ('compression="lz4:10240"', "lz4"),
        ('compression="zstd+sh:10240:2"', "zstd"),
        ('compression="zlib:10240" subblocks="9,9"', "zlib"),
        ('colorSpace="CIELab"', "CIELab"),
    ],
)
def test_unsupported_variety_is_named(attributes, words):
    with pytest.raises(ImageError, match=words) as caught:
        decode_image(write(SKY.tobytes(), attributes=attributes), "a")
    assert caught.value.reason == ImageProblem.UNSUPPORTED


@pytest.mark.parametrize(
    "data",
    [
        write(SKY.tobytes(), kind="Complex32"),
        write(SKY.tobytes(), geometry="80:64:1:1"),
        write(SKY.tobytes()).replace(b"attachment:", b"inline:hex:"),
        write(SKY.tobytes()).replace(b"Image", b"Other"),
        b"XISF0100" + struct.pack("<I4x", 2**32 - 1),
    ],
)
def test_other_unsupported_variety_is_not_called_damaged(data):
    assert reason_of(data) == ImageProblem.UNSUPPORTED


def test_last_rows_may_be_cut_off():
    with noting_losses() as losses:
        shown = decode_image(write(SKY.tobytes())[:-1024], "a.xisf")
    assert losses == [pytest.approx(0.1)]
    assert shown[:50].any()


@pytest.mark.parametrize(
    "data",
    [
        b"XISF0100",
        write(SKY.tobytes())[:1000],
        write(SKY.tobytes())[:-4000],
        write(SKY.tobytes(), geometry="80:-64:1"),
        write(SKY.tobytes(), geometry="80:0:1"),
        write(SKY.tobytes(), geometry="80:65:1"),
        write(b"x" * 99, attributes='compression="zlib:10240"'),
        write(zlib.compress(bytes(20_000)), attributes='compression="zlib:10240"'),
        write(SKY.tobytes(), inner="<a>"),
        write(SKY.tobytes(), inner="&a;"),
        write(SKY.tobytes(), before='<!DOCTYPE x [<!ENTITY a "b">]>', inner="&a;"),
    ],
)
def test_damaged_file_is_rejected(data):
    assert reason_of(data) == ImageProblem.UNREADABLE


def test_size_in_the_header_is_checked_before_unpacking():
    assert reason_of(write(b"", geometry="90000:90000:1")) == ImageProblem.TOO_LARGE
    deep = write(b"", geometry="80:64:999999", kind="Float64")
    assert reason_of(deep) == ImageProblem.TOO_LARGE
    data = write(SKY.tobytes())
    assert reason_of(data, limits=ImageLimits(max_pixels=99)) == ImageProblem.TOO_LARGE


def test_suffix_is_recognised():
    assert has_image_suffix(Path("a.xisf"))
