from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace

import numpy as np
import pytest

from cluster_core.data.index import scan_dataset
from cluster_core.errors import ImageError, RunError
from cluster_core.images import FitsStretch
from cluster_core.model.backbones.litert import load_extractor
from cluster_core.model.backbones.preprocessing import Preprocessing
from cluster_core.model.features import extraction
from cluster_core.model.features.cache import BottleneckCache
from cluster_core.model.features.extraction import BottleneckSource
from cluster_core.model.features.views import PLAIN_VIEWS, SKY_VIEWS, Distortion
from cluster_core.storage import file_hashes
from cluster_core.storage.cache_file import CacheFile
from tests.samples import draw_blob, save_picture, write_photos


class CountingExtractor:
    """Runs a backbone and counts the pictures."""

    def __init__(self, extractor) -> None:
        self.extractor = extractor
        self.n_extracted = 0

    def extract(self, pictures):
        self.n_extracted += len(pictures)
        return self.extractor.extract(pictures)


@pytest.fixture
def cache_file(tmp_path):
    with CacheFile(tmp_path / "cache") as file:
        yield file


@pytest.fixture
def folder(tmp_path):
    return write_photos(tmp_path / "photos", 4)


@pytest.fixture
def pictures(folder, cache_file):
    return scan_dataset(folder, cache_file).pictures


@pytest.fixture
def make_source(backbone, cache_file):
    def make(file=cache_file, preprocessing=None, converted=backbone) -> BottleneckSource:
        preprocessing = preprocessing or Preprocessing(32)
        extractor = CountingExtractor(load_extractor(backbone))
        return BottleneckSource(
            extractor, preprocessing, BottleneckCache(file, converted, preprocessing)
        )

    return make


def test_cached_features_are_bitwise_identical(make_source, pictures, tmp_path):
    first, second = make_source(), make_source()
    computed = first.compute(pictures, SKY_VIEWS)
    assert (computed.shape, computed.dtype) == ((8, 8, 48), np.float32)
    assert first.extractor.n_extracted == 64
    np.testing.assert_array_equal(second.compute(pictures, SKY_VIEWS), computed)
    assert second.extractor.n_extracted == 0
    with CacheFile(tmp_path / "another cache") as file:
        np.testing.assert_array_equal(make_source(file).compute(pictures, SKY_VIEWS), computed)


def test_features_are_in_the_requested_order(make_source, pictures):
    computed = make_source().compute(pictures, SKY_VIEWS)
    order = [5, 0, 7, 2]
    again = make_source().compute([pictures[n] for n in order], SKY_VIEWS[::-1])
    np.testing.assert_array_equal(again, computed[order][:, ::-1])
    twice = make_source().compute([pictures[0], pictures[0]], PLAIN_VIEWS)
    np.testing.assert_array_equal(twice, computed[[0, 0], :1])


def test_only_missing_features_are_computed(make_source, pictures):
    make_source().compute(pictures[:3], PLAIN_VIEWS)
    source = make_source()
    source.compute(pictures, SKY_VIEWS)
    assert source.extractor.n_extracted == 8 * 8 - 3
    views = PLAIN_VIEWS + Distortion(random_crop=10).views()
    source = make_source()
    source.compute(pictures, views)
    assert source.extractor.n_extracted == 8 * 16


def test_edited_picture_is_computed_again(make_source, folder, pictures, cache_file):
    before = make_source().compute(pictures, PLAIN_VIEWS)
    save_picture(pictures[2].path, draw_blob(99, (10, 250, 10)))
    source = make_source()
    after = source.compute(scan_dataset(folder, cache_file).pictures, PLAIN_VIEWS)
    assert source.extractor.n_extracted == 1
    assert np.abs(after[2] - before[2]).max() > 0.01
    others = [0, 1, 3, 4, 5, 6, 7]
    np.testing.assert_array_equal(after[others], before[others])


def test_renamed_picture_is_not_computed_again(make_source, folder, pictures, cache_file):
    make_source().compute(pictures, PLAIN_VIEWS)
    pictures[0].path.rename(pictures[0].path.with_name("renamed.png"))
    source = make_source()
    source.compute(scan_dataset(folder, cache_file).pictures, PLAIN_VIEWS)
    assert source.extractor.n_extracted == 0


def test_other_weights_or_preprocessing_are_cached_separately(make_source, pictures, backbone):
    make_source().compute(pictures, PLAIN_VIEWS)
    others = [
        {"preprocessing": Preprocessing(32, FitsStretch("minmax"))},
        {"converted": replace(backbone, weights_sha256="f" * 64)},
    ]
    for other in others:
        source = make_source(**other)
        source.compute(pictures, PLAIN_VIEWS)
        assert source.extractor.n_extracted == len(pictures)


def test_cached_features_of_the_wrong_length_are_ignored(
    make_source, pictures, cache_file, backbone
):
    cache = BottleneckCache(cache_file, backbone, Preprocessing(32))
    cache.save([(PLAIN_VIEWS[0].name, pictures[0].sha256, np.zeros(5, np.float32))])
    assert cache.load(PLAIN_VIEWS[0].name, [pictures[0].sha256]) == {}
    source = make_source()
    assert source.compute(pictures, PLAIN_VIEWS).shape == (8, 1, 48)


def read_row(cache_file, picture) -> bytes:
    rows = sqlite3.connect(cache_file.path).execute(
        "SELECT features FROM bottlenecks WHERE sha256 = ?", (picture.sha256,)
    )
    ((blob,),) = rows.fetchall()
    return blob


def write_row(cache_file, picture, blob) -> None:
    """Change a row behind the back of the cache, as a damaged disk does."""
    with contextlib.closing(sqlite3.connect(cache_file.path)) as connection, connection:
        connection.execute(
            "UPDATE bottlenecks SET features = ? WHERE sha256 = ?", (blob, picture.sha256)
        )


N_ROW_BYTES = 48 * 4


def with_first_number(value):
    return lambda row: np.float32(value).tobytes() + row[4:]


def without_checksum(row: bytes) -> bytes:
    """Return a row as version 0.1 stored it."""
    return row[:N_ROW_BYTES]


@pytest.mark.parametrize(
    "damage",
    [
        *(with_first_number(value) for value in (np.nan, np.inf, -np.inf, 3e38, 0.25)),
        *(
            lambda row, value=value: without_checksum(with_first_number(value)(row))
            for value in (np.nan, np.inf, -np.inf, 3e38)
        ),
        lambda row: row[:-5] + bytes([row[-5] ^ 1]) + row[-4:],
        lambda row: row[:-1] + bytes([row[-1] ^ 0x80]),
        *(lambda row, n=n: row[:n] for n in (0, 1, 100, N_ROW_BYTES + 3)),
        lambda row: row + b"\0",
        lambda row: bytes(len(row)),
        *(lambda row, value=value: value for value in (None, 7, 1.5, "text")),
    ],
)
def test_damaged_row_is_computed_again_and_reported(
    make_source, pictures, cache_file, caplog, damage
):
    computed = make_source().compute(pictures, PLAIN_VIEWS)
    write_row(cache_file, pictures[3], damage(read_row(cache_file, pictures[3])))
    source = make_source()
    np.testing.assert_array_equal(source.compute(pictures, PLAIN_VIEWS), computed)
    assert source.extractor.n_extracted == 1
    assert "computed again: 1" in caplog.text
    source = make_source()
    np.testing.assert_array_equal(source.compute(pictures, PLAIN_VIEWS), computed)
    assert source.extractor.n_extracted == 0


def test_row_of_another_picture_is_computed_again(make_source, pictures, cache_file):
    computed = make_source().compute(pictures, PLAIN_VIEWS)
    write_row(cache_file, pictures[3], read_row(cache_file, pictures[4]))
    np.testing.assert_array_equal(make_source().compute(pictures, PLAIN_VIEWS), computed)


def test_rows_without_checksum_are_computed_again(make_source, pictures, cache_file):
    computed = make_source().compute(pictures, PLAIN_VIEWS)
    sealed = [read_row(cache_file, picture) for picture in pictures]
    for picture, row in zip(pictures, sealed, strict=True):
        write_row(cache_file, picture, without_checksum(row))
    source = make_source()
    np.testing.assert_array_equal(source.compute(pictures, PLAIN_VIEWS), computed)
    assert source.extractor.n_extracted == len(pictures)
    assert [read_row(cache_file, picture) for picture in pictures] == sealed


@pytest.mark.parametrize("value", [np.nan, np.inf, -3e38])
def test_features_that_are_not_plausible_are_not_stored(pictures, cache_file, backbone, value):
    cache = BottleneckCache(cache_file, backbone, Preprocessing(32))
    entry = (PLAIN_VIEWS[0].name, pictures[0].sha256, np.full(48, value, np.float32))
    cache.save([entry])
    assert cache.load(PLAIN_VIEWS[0].name, [pictures[0].sha256]) == {}


def test_network_with_features_that_are_not_finite_is_reported(make_source, pictures, monkeypatch):
    source = make_source()
    monkeypatch.setattr(
        source.extractor, "extract", lambda views: np.full((len(views), 48), np.nan, np.float32)
    )
    with pytest.raises(RunError, match=pictures[0].path.name):
        source.compute(pictures, PLAIN_VIEWS)


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_features_computed_before_an_interruption_are_kept(
    make_source, pictures, monkeypatch, kind
):
    monkeypatch.setattr(extraction, "ROWS_PER_SAVE", 2)

    def stop(done, total):
        assert total == len(pictures)
        if done == 5:
            raise kind

    with pytest.raises(kind):
        make_source().compute(pictures, PLAIN_VIEWS, stop)
    source = make_source()
    source.compute(pictures, PLAIN_VIEWS)
    assert source.extractor.n_extracted == len(pictures) - 5


def test_progress_counts_every_picture(make_source, pictures, monkeypatch):
    monkeypatch.setattr(extraction, "ROWS_PER_SAVE", 3)

    def watch():
        seen = []
        make_source().compute(pictures, PLAIN_VIEWS, lambda *done: seen.append(done))
        return seen

    assert watch() == [(done, 8) for done in range(1, 9)]
    assert watch() == [(8, 8)], "all features are cached, so progress is complete at once"


def test_missing_picture_is_named_in_the_error(make_source, pictures):
    pictures[3].path.unlink()
    with pytest.raises(ImageError, match=pictures[3].path.name):
        make_source().compute(pictures, PLAIN_VIEWS)


def test_flipped_byte_anywhere_in_the_file_never_changes_the_outcome(
    make_source, folder, cache_file, tmp_path, monkeypatch
):
    monkeypatch.setattr(file_hashes, "SETTLED_NS", -(10**18))
    pictures = scan_dataset(folder, cache_file).pictures
    features = make_source().compute(pictures, PLAIN_VIEWS)
    cache_file.close()
    content = cache_file.path.read_bytes()
    copy = tmp_path / "damaged" / cache_file.path.name
    copy.parent.mkdir()
    random = np.random.default_rng(0)
    reported = []
    for position in random.integers(0, len(content), 60):
        damaged = bytearray(content)
        damaged[position] ^= random.integers(1, 256)
        copy.write_bytes(damaged)
        try:
            with CacheFile(copy.parent) as file:
                assert scan_dataset(folder, file).pictures == pictures
                np.testing.assert_array_equal(
                    make_source(file).compute(pictures, PLAIN_VIEWS), features
                )
        except RunError as error:
            reported.append(str(error))
        for path in copy.parent.iterdir():
            path.unlink()
    assert all("Delete it and try again" in message for message in reported)
    assert len(reported) < 30
