"""What was read of a dataset is shared, and many files are not looked up at each rerun."""

from __future__ import annotations

import pytest

from pages.components import dataset_contents
from pages.components.dataset_contents import read_dataset
from tests.pages.opening import open_file
from tests.samples import draw_blob, save_picture, write_photos


@pytest.fixture
def signatures(workspace, monkeypatch):
    """Count how often all files of a dataset of four pictures are looked up."""
    write_photos(workspace.cluster_photos, 2)
    compute, calls = dataset_contents.compute_signature, []
    monkeypatch.setattr(
        dataset_contents, "compute_signature", lambda path: calls.append(path) or compute(path)
    )
    return calls


def read_count(page) -> str:
    assert not page.exception
    return next(text.value for text in page.markdown if "pictures**" in text.value)


def test_another_session_reads_no_picture(signatures, monkeypatch):
    open_file("dataset.py")
    monkeypatch.setattr(dataset_contents, "scan_unless_saved", None)
    assert read_count(open_file("dataset.py")).startswith("**4 pictures**")
    assert len(signatures) == 2


def test_many_files_are_looked_up_after_a_change_of_their_folder(
    signatures, workspace, monkeypatch
):
    monkeypatch.setattr(dataset_contents, "MANY_PICTURES", 3)
    page = open_file("dataset.py")
    page.run()
    assert read_count(page).startswith("**4 pictures**")
    assert len(signatures) == 1
    folder = next(workspace.cluster_photos.iterdir())
    save_picture(folder / "new.png", draw_blob(99))
    page.run()
    assert read_count(page).startswith("**5 pictures**")
    assert len(signatures) == 2


def test_small_datasets_do_not_displace_a_large_one(workspace, monkeypatch):
    monkeypatch.setattr(dataset_contents, "MAX_PICTURES", 3)
    monkeypatch.setattr(dataset_contents, "MAX_SMALL_READINGS", 1)
    write_photos(workspace.cluster_photos, 2)
    folders = [workspace.root / f"{name}_photos" for name in "abc"]
    for folder in folders:
        write_photos(folder, 1)
    read = [read_dataset(workspace, one) for one in (workspace.cluster_photos, *folders)]
    assert read_dataset(workspace, workspace.cluster_photos) is read[0]
    assert read_dataset(workspace, folders[2]) is read[3]
    assert read_dataset(workspace, folders[0]) is not read[1]


def test_many_files_are_looked_up_once_in_a_while(signatures, monkeypatch):
    monkeypatch.setattr(dataset_contents, "MANY_PICTURES", 3)
    monkeypatch.setattr(dataset_contents, "LOOK_AGAIN_S", 0.0)
    open_file("dataset.py").run()
    assert len(signatures) == 2
