from __future__ import annotations

import numpy as np
import pytest

from cluster_core.data import index as index_module
from cluster_core.data import known_copies
from cluster_core.data.copies import find_copies
from cluster_core.data.groups import list_copies
from cluster_core.data.index import scan_dataset
from cluster_core.data.known_copies import list_known_copies
from cluster_core.storage.cache_file import CacheFile
from tests.samples import write_photos


@pytest.fixture
def cache(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


def draw(n: int) -> list[tuple[str, bytes]]:
    rows = np.random.default_rng(0).integers(-127, 128, (n, 1024)).astype(np.int8)
    rows[-1] = rows[0]
    return [(f"{(7 * number) % 10}{number:063}", row.tobytes()) for number, row in enumerate(rows)]


def test_copies_are_searched_for_once_whatever_the_order(cache, monkeypatch):
    pictures = draw(20)
    copies = list_known_copies(pictures, cache)
    assert copies[0] == (pictures[-1][0],)
    assert copies[-1] == (pictures[0][0],)
    assert not any(copies[1:-1])
    monkeypatch.setattr(known_copies, "find_copies", None)
    assert list_known_copies(pictures[::-1], cache) == copies[::-1]
    with pytest.raises(TypeError):
        list_known_copies(pictures[:-1], cache)


def test_damaged_result_is_found_again(cache):
    pictures = draw(5)
    copies = list_known_copies(pictures, cache)
    cache.write_many("UPDATE copies SET pairs = ?", [(b"damaged",)])
    assert list_known_copies(pictures, cache) == copies


def test_scan_marks_the_copies_among_many_pictures(cache, tmp_path, monkeypatch):
    folder = write_photos(tmp_path / "photos", 3)
    first = next((folder / "blue stars").iterdir())
    for name in ("again.png", "once more.png"):
        (folder / "blue stars" / name).write_bytes(first.read_bytes())
    before = scan_dataset(folder, cache)
    expected = list_copies(before.pictures)
    assert before.without_fingerprints() is before  # which are still needed
    monkeypatch.setattr(index_module, "EXACT_UP_TO", 2)
    index = scan_dataset(folder, cache)
    assert list_copies(index.pictures) == expected
    assert len(expected) == 3
    spared = index.without_fingerprints()
    assert not any(picture.fingerprint for picture in spared.all_pictures)
    assert list_copies(spared.pictures) == expected


def test_search_among_many_reports_its_steps(monkeypatch):
    monkeypatch.setattr("cluster_core.data.copies.EXACT_UP_TO", 2)
    steps = []
    prints = [fingerprint for _, fingerprint in draw(10)]
    assert find_copies(prints, lambda *step: steps.append(step)) == [(0, 9)]
    assert steps == [(done, 66) for done in range(1, 67)]
