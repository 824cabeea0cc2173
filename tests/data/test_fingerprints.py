"""Recognition of copies."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cluster_core.data import copies
from cluster_core.data.copies import MAX_COPIES, find_copies
from cluster_core.data.fingerprints import SIDE_PX, compute_fingerprint
from tests.samples import SHARED, draw_blob, needs_shared


def find_among(*pictures: np.ndarray) -> list[tuple[int, int]]:
    return find_copies([compute_fingerprint(pixels) for pixels in pictures])


def resize(pixels, width, height):
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.LANCZOS))


def encode(pixels, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, **options)
    return np.asarray(Image.open(file).convert("RGB"))


# Typical changes to a picture on the web.
CHANGES = {
    "smaller": lambda pixels: resize(pixels, 100, 100),
    "larger": lambda pixels: resize(pixels, 500, 500),
    "another shape": lambda pixels: resize(pixels, 300, 150),
    "JPEG": lambda pixels: encode(pixels, format="JPEG", quality=60),
    "GIF": lambda pixels: encode(pixels, format="GIF"),
    "half as bright": lambda pixels: pixels // 2,
    "grey": lambda pixels: np.asarray(Image.fromarray(pixels).convert("L").convert("RGB")),
    "slightly cropped": lambda pixels: pixels[1:-1, 1:-1],
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("change", CHANGES)
def test_altered_copy_is_found_among_other_star_fields(change, seed):
    # Real stars cover several pixels.
    fields = [resize(draw_blob(100 * seed + number), 240, 240) for number in range(4)]
    changed = CHANGES[change](fields[1])
    assert find_among(*fields, changed) == [(1, 4)]


def test_same_blob_with_other_stars_is_not_a_copy():
    assert find_among(*(draw_blob(seed) for seed in range(60))) == []


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_flat_pictures_have_no_copies(grey):
    flat = np.full((40, 40, 3), grey, np.uint8)
    assert compute_fingerprint(flat) == bytes(SIDE_PX**2)
    assert find_among(flat, flat, draw_blob(0)) == []


def test_fingerprint_length_does_not_depend_on_the_picture():
    for height, width in ((1, 1), (1, 300), (31, 33), (200, 5)):
        pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
        assert len(compute_fingerprint(pixels)) == SIDE_PX**2


@pytest.mark.parametrize(
    ("n_copies", "is_found"), [(MAX_COPIES + 1, True), (MAX_COPIES + 2, False)]
)
def test_repeated_scene_does_not_count_as_copies(n_copies, is_found):
    scene, pair = draw_blob(0), draw_blob(1)
    found = find_among(*[scene] * n_copies, pair, pair)
    assert (n_copies, n_copies + 1) in found
    assert ((0, 1) in found) == is_found
    assert len(found) == 1 + is_found * n_copies * (n_copies - 1) // 2


def test_pairs_do_not_depend_on_the_block_size(monkeypatch):
    fields = [draw_blob(number % 7) for number in range(12)]
    expected = find_among(*fields)
    assert expected == [(number, number + 7) for number in range(5)]
    monkeypatch.setattr(copies, "BLOCK", 5)
    assert find_among(*fields) == expected


def test_empty_list_has_no_copies():
    assert find_copies([]) == []


@needs_shared
def test_copies_among_real_photos_are_found_exactly():
    from cluster_core.images import read_image

    folder = SHARED / "photos" / "cluster_photos"
    paths = sorted(folder.rglob("*.jpg"))
    prints = [compute_fingerprint(read_image(path)) for path in paths]
    pairs = {(paths[one].stem, paths[other].stem) for one, other in find_copies(prints)}
    assert pairs == {
        ("globular (1)", "globular (50)"),
        ("globular (1)", "globular (55)"),
        ("globular (50)", "globular (55)"),
        ("globular (36)", "globular (4)"),
        ("open (15)", "open (91)"),
    }
    again = [compute_fingerprint(resize(read_image(path), 90, 90)) for path in paths]
    # A shrunk copy of every photo is found again.
    found = set(find_copies(prints + again))
    missing = [n for n in range(len(paths)) if (n, n + len(paths)) not in found]
    assert missing == []
