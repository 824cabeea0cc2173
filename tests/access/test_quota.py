"""Limits of a visitor's workspace, also when several tabs add to it at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from cluster_core.access import Access, quota
from cluster_core.data.editing.pictures import add_picture
from cluster_core.errors import DatasetError
from cluster_core.storage.trash import move_to_trash, restore
from tests.samples import draw_blob, save_picture


@pytest.fixture
def visitor(workspace) -> Access:
    workspace.root.mkdir()
    return Access.visitor_in(workspace)


def test_tabs_that_add_at_once_do_not_pass_the_limit(visitor, workspace, tmp_path, monkeypatch):
    monkeypatch.setattr(quota, "MAX_PICTURES", 3)
    folder = workspace.root / "shapes_photos"
    (folder / "round").mkdir(parents=True)
    pictures = [save_picture(tmp_path / f"{n}.png", draw_blob(n)).read_bytes() for n in range(8)]
    begin = Barrier(len(pictures))

    def add(number: int) -> None:
        begin.wait()
        add_picture(visitor, folder, "round", f"{number}.png", pictures[number])

    with ThreadPoolExecutor(len(pictures)) as threads:
        results = [threads.submit(add, number) for number in range(len(pictures))]
    problems = [str(one.exception()) for one in results if one.exception()]
    assert len(problems) == 5
    assert all("room for 0 more" in problem for problem in problems)
    assert quota.measure(workspace).n_pictures == 3


def test_trash_is_restored_only_into_free_room(visitor, workspace, monkeypatch):
    path = save_picture(workspace.root / "shapes_photos" / "round" / "1.png", draw_blob(1))
    entry = move_to_trash(visitor, workspace, [path], "1.png")
    monkeypatch.setattr(quota, "MAX_PICTURES", 0)
    with pytest.raises(DatasetError, match="room for 0 more"):
        restore(visitor, workspace, entry.id)
    assert not path.exists()
    monkeypatch.setattr(quota, "MAX_PICTURES", 1)
    assert restore(visitor, workspace, entry.id) == (path,)


def test_nothing_is_added_to_a_deleted_workspace(visitor, workspace):
    workspace.root.rmdir()
    with pytest.raises(DatasetError, match="was deleted"), visitor.alone():
        pass
    assert not workspace.root.exists()
