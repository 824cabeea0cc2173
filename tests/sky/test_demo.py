"""The demo dataset: files on disk, and rejected requests."""

import errno

import pytest
from PIL import Image

from cluster_core.errors import ConfigError, DatasetError
from cluster_core.sky import DEMO_CLASSES, demo, render_demo_dataset

CLUSTERS = ["globular clusters", "open clusters"]


def test_dataset_has_a_folder_per_class(tmp_path):
    calls = []
    paths = render_demo_dataset(
        tmp_path / "sky", CLUSTERS, 2, seed=1, on_progress=lambda *done: calls.append(done)
    )
    assert [path.relative_to(tmp_path / "sky").as_posix() for path in paths] == [
        "globular clusters/globular_clusters_0001.jpg",
        "globular clusters/globular_clusters_0002.jpg",
        "open clusters/open_clusters_0001.jpg",
        "open clusters/open_clusters_0002.jpg",
    ]
    assert calls == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert sorted(tmp_path.rglob("*.*")) == sorted(paths)
    with Image.open(paths[0]) as image:
        assert image.size == (256, 256)


def test_same_seed_writes_same_bytes_whatever_the_other_classes(tmp_path):
    both = render_demo_dataset(tmp_path / "both", CLUSTERS, 1, seed=3)
    alone = render_demo_dataset(tmp_path / "alone", CLUSTERS[1:], 1, seed=3)
    assert both[1].read_bytes() == alone[0].read_bytes()


@pytest.mark.parametrize("per_class", [0, -1, 5001, 10**9])
def test_count_out_of_range_is_rejected(tmp_path, per_class):
    with pytest.raises(ConfigError, match="pictures per class") as caught:
        render_demo_dataset(tmp_path, CLUSTERS, per_class, seed=1)
    assert (caught.value.field, caught.value.received) == ("per_class", per_class)


@pytest.mark.parametrize("labels", [["quasars"], []])
def test_missing_or_unknown_class_is_rejected_with_the_known_ones(tmp_path, labels):
    with pytest.raises(ConfigError, match="globular clusters, open clusters") as caught:
        render_demo_dataset(tmp_path, labels, 1, seed=1)
    assert caught.value.field == "classes"


def test_negative_seed_is_rejected(tmp_path):
    with pytest.raises(ConfigError, match="seed"):
        render_demo_dataset(tmp_path, CLUSTERS, 1, seed=-1)


def test_folder_with_files_is_rejected_without_force(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(DatasetError, match="already contains files") as caught:
        render_demo_dataset(tmp_path, CLUSTERS, 1, seed=1)
    assert caught.value.path == tmp_path
    render_demo_dataset(tmp_path, CLUSTERS, 1, seed=1, force=True)
    assert (tmp_path / "mine.txt").read_text() == "keep me"


def test_file_as_output_is_rejected(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(DatasetError, match="is a file"):
        render_demo_dataset(path, CLUSTERS, 1, seed=1, force=True)


def test_every_demo_class_can_be_rendered(tmp_path):
    assert len(render_demo_dataset(tmp_path, list(DEMO_CLASSES), 1, seed=2)) == len(DEMO_CLASSES)


def test_interrupted_rendering_resumes_without_repeating_pictures(tmp_path):
    class StoppedError(Exception):
        pass

    def stop(done, total):
        if done == 2:
            raise StoppedError

    with pytest.raises(StoppedError):
        render_demo_dataset(tmp_path / "sky", CLUSTERS, 2, seed=1, on_progress=stop)
    (first, _) = sorted((tmp_path / "sky").rglob("*.jpg"))
    written_ns = first.stat().st_mtime_ns
    paths = render_demo_dataset(tmp_path / "sky", CLUSTERS, 2, seed=1, resume=True)
    assert first.stat().st_mtime_ns == written_ns
    uninterrupted = render_demo_dataset(tmp_path / "uninterrupted", CLUSTERS, 2, seed=1)
    assert [path.read_bytes() for path in paths] == [p.read_bytes() for p in uninterrupted]


def test_full_disk_is_reported_with_the_file(tmp_path, monkeypatch):
    def fill_up(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(demo, "replacing", fill_up)
    with pytest.raises(DatasetError, match=r"globular_clusters_0001\.jpg .* the disk is full"):
        render_demo_dataset(tmp_path / "sky", CLUSTERS, 1, seed=1)
