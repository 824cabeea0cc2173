"""Paths of the workspace, and atomic replacement of files and folders."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster_core.workspace import (
    DEFAULT_ROOT,
    ROOT_VARIABLE,
    Workspace,
    remove_drafts,
    replacing,
)
from tests.samples import REPOSITORY


def list_all(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def write_folder(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "inside").write_text(content)


def test_environment_variable_sets_the_workspace(monkeypatch, tmp_path):
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    assert Workspace.default() == Workspace(tmp_path)


@pytest.mark.parametrize("value", [None, ""])
def test_default_workspace_is_tf_files(monkeypatch, value):
    monkeypatch.delenv(ROOT_VARIABLE)
    if value is not None:
        monkeypatch.setenv(ROOT_VARIABLE, value)
    assert Workspace.default() == Workspace(Path(DEFAULT_ROOT)) == Workspace(Path("tf_files"))


def test_all_paths_are_below_the_root_and_distinct():
    workspace = Workspace(Path("somewhere"))
    names = [name for name, value in vars(Workspace).items() if isinstance(value, property)]
    paths = [getattr(workspace, name) for name in names]
    assert len(names) >= 10
    assert all(workspace.root in path.parents for path in paths)
    assert len(set(paths)) == len(paths)


def test_replaced_file_appears_only_when_complete(tmp_path):
    target = tmp_path / "new" / "file.txt"
    with replacing(target) as draft:
        assert draft.parent == target.parent
        assert not draft.exists()
        draft.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"
    assert list_all(target.parent) == ["file.txt"]


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt])
def test_failed_replacement_keeps_the_old_content(tmp_path, kind):
    file, folder = tmp_path / "file.txt", tmp_path / "folder"
    file.write_text("old")
    write_folder(folder, "old")
    before = list_all(tmp_path)

    def write_half(target, write):
        with replacing(target) as draft:
            write(draft, "half")
            raise kind

    for target, write in ((file, Path.write_text), (folder, write_folder)):
        with pytest.raises(kind):
            write_half(target, write)
    assert list_all(tmp_path) == before
    assert file.read_text() == (folder / "inside").read_text() == "old"


def test_folder_replaces_non_empty_folder(tmp_path):
    folder = tmp_path / "folder"
    write_folder(folder, "old")
    (folder / "only in the old one").touch()
    with replacing(folder) as draft:
        write_folder(draft, "new")
        assert (folder / "inside").read_text() == "old"
    assert list_all(tmp_path) == ["folder", "folder/inside"]
    assert (folder / "inside").read_text() == "new"


def test_folder_is_restored_if_draft_is_missing(tmp_path):
    folder = tmp_path / "folder"
    write_folder(folder, "old")
    with pytest.raises(FileNotFoundError), replacing(folder):
        pass
    assert list_all(tmp_path) == ["folder", "folder/inside"]


def test_concurrent_replacements_do_not_interfere(tmp_path):
    target = tmp_path / "file.txt"
    with replacing(target) as first, replacing(target) as second:
        first.write_text("first")
        second.write_text("second")
    assert target.read_text() == "first"  # the block that ends last
    assert list_all(tmp_path) == ["file.txt"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names here")
def test_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        with replacing(pipe) as draft:
            draft.write_text("content")
        assert pipe.is_fifo()
        assert os.read(reader, 100) == b"content"
    finally:
        os.close(reader)


def test_only_drafts_of_the_killed_process_are_removed(tmp_path):
    script = (
        "import os, sys, pathlib; from cluster_core.workspace import replacing\n"
        "for name in ('file', 'folder'):\n"
        "    draft = replacing(pathlib.Path(sys.argv[1], name)).__enter__()\n"
        "    draft.mkdir() if name == 'folder' else draft.touch()\n"
        "os._exit(0)"
    )
    killed = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=REPOSITORY)
    killed.wait()
    assert len(list_all(tmp_path)) == 2
    with replacing(tmp_path / "other") as draft:
        draft.touch()
        remove_drafts(tmp_path, killed.pid)
        assert list_all(tmp_path) == [draft.name]
    remove_drafts(tmp_path / "nowhere", killed.pid)
