"""Decoding of the first frame of SER videos."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from cluster_core.errors import ImageError, ImageProblem
from cluster_core.images import FitsStretch, ImageLimits, decode_image, noting_losses
from cluster_core.images.stretch import apply_stretch
from tests.images.pictures import sky

SKY = np.rint(sky() / 25).clip(0, 255)


def write(frame, *, colour=0, bits=8, flag=0, n_frames=2, size=(80, 64)):
    header = b"LUCAM-RECORDER" + struct.pack("<7i", 0, colour, flag, *size, bits, n_frames)
    return header.ljust(178, b"\0") + frame.tobytes() * max(n_frames, 1)


def reason_of(data, **options):
    with pytest.raises(ImageError) as caught:
        decode_image(data, "a.ser", **options)
    assert "a.ser" in str(caught.value)
    return caught.value.reason


@pytest.mark.parametrize(
    ("dtype", "bits", "flag"),
    [("u1", 8, 0), ("<u2", 16, 0), ("<u2", 12, 0), (">u2", 16, 1), ("<u2", 16, 1)],
)
def test_first_frame_is_shown_upright(dtype, bits, flag):
    pixels = decode_image(write(SKY.astype(dtype), bits=bits, flag=flag), "a.ser")
    assert np.array_equal(pixels[..., 0], apply_stretch(SKY[np.newaxis], FitsStretch())[0])
    assert pixels.shape == (64, 80, 3)


@pytest.mark.parametrize("colour", [100, 101])
def test_colours_are_in_the_order_of_the_header(colour):
    frame = np.stack([SKY] * 3, axis=-1).astype("u1")
    frame[40:44, 40:44, 0 if colour == 100 else 2] = 255
    red, green, _ = decode_image(write(frame, colour=colour), "a.ser")[41, 41].astype(int)
    assert red > green + 100


def test_mosaic_is_shown_in_colour():
    frame = np.full((64, 80), 40, "u1")
    frame[20:40:2, 20:40:2] = 200
    red, green, _ = decode_image(write(frame, colour=8), "a.ser")[30, 30].astype(int)
    assert red > green + 100


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"colour": 16}, ImageProblem.UNSUPPORTED),
        ({"bits": 0}, ImageProblem.UNREADABLE),
        ({"bits": 32}, ImageProblem.UNREADABLE),
        ({"n_frames": -1}, ImageProblem.UNREADABLE),
        ({"size": (80, -64)}, ImageProblem.UNREADABLE),
        ({"size": (80, 640)}, ImageProblem.UNREADABLE),
        ({"size": (2**31 - 1, 2**31 - 1)}, ImageProblem.TOO_LARGE),
    ],
)
def test_impossible_header_is_rejected(options, reason):
    assert reason_of(write(SKY.astype("u1"), **options)) == reason


def test_recording_that_was_broken_off_is_shown():
    whole = decode_image(write(SKY.astype("u1")), "a.ser")
    assert np.array_equal(decode_image(write(SKY.astype("u1"), n_frames=0), "a.ser"), whole)
    with noting_losses() as losses:
        decode_image(write(SKY.astype("u1"), n_frames=1)[:-80], "a.ser")
    assert losses == [pytest.approx(1 / 64)]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("width", [1, 2, 3])
def test_narrow_frame_is_shown(width):
    frame = np.arange(50 * width, dtype="<u2").reshape(50, width) * 300
    shown = decode_image(write(frame, bits=16, size=(width, 50)), "a.ser")
    assert shown.shape == (50, width, 3)
    assert shown[-1].min() > shown[0].max()


def test_blank_first_frame_is_skipped():
    frames = np.stack([np.zeros_like(SKY), SKY]).astype("u1")
    shown = decode_image(write(frames), "a.ser")
    assert np.array_equal(shown, decode_image(write(SKY.astype("u1")), "a.ser"))


def test_limits_and_truncation_are_checked():
    data = write(SKY.astype("u1"), n_frames=1)
    assert reason_of(data, limits=ImageLimits(max_pixels=99)) == ImageProblem.TOO_LARGE
    assert reason_of(data[:3000]) == ImageProblem.UNREADABLE
    assert reason_of(data[:100]) == ImageProblem.UNREADABLE
