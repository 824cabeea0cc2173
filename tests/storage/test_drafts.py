"""Atomic replacement of files and folders, and what killed processes leave."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster_core.storage.drafts import (
    remove_abandoned_drafts,
    remove_all_abandoned_drafts,
    remove_drafts,
    replacing,
)
from cluster_core.workspace import Workspace
from tests.samples import REPOSITORY, run_python


def list_all(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def write_folder(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "inside").write_text(content)


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
        "import os, sys, pathlib; from cluster_core.storage.drafts import replacing\n"
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


KILLED_IN_REPLACING = """
import os, sys
from pathlib import Path
from cluster_core.storage.drafts import replacing
with replacing(Path(sys.argv[1])) as draft:
    draft.write_text("half")
    os._exit(9)
"""
REPLACE = """
import sys
from pathlib import Path
from cluster_core.storage.drafts import replacing
with replacing(Path(sys.argv[1])) as draft:
    draft.write_text("whole")
"""


def test_draft_of_a_killed_process_is_removed_by_the_next(tmp_path):
    run_python("-c", KILLED_IN_REPLACING, tmp_path / "results.csv")
    (tmp_path / ".mine.part").touch()
    assert len(list_all(tmp_path)) == 2
    run_python("-c", REPLACE, tmp_path / "others.csv")
    assert list_all(tmp_path) == [".mine.part", "others.csv"]


def test_drafts_of_living_processes_are_kept(tmp_path, monkeypatch):
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / f".file.{other.pid}.01234567.part").touch()
    monkeypatch.chdir(tmp_path)
    with replacing(tmp_path / "mine") as draft:
        draft.touch()
        remove_abandoned_drafts(Path())  # the same folder, spelled differently
        assert len(list_all(tmp_path)) == 2
    other.communicate(b"\n")
    remove_abandoned_drafts(tmp_path)
    assert list_all(tmp_path) == ["mine"]


def test_own_draft_from_before_a_restart_is_removed(tmp_path):
    """In a container, the app has the same process number after every start."""
    (tmp_path / f".file.{os.getpid()}.01234567.part").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / f".folder.{os.getpid()}.01234567.part").mkdir()
    remove_all_abandoned_drafts(Workspace(tmp_path))
    assert list_all(tmp_path) == ["sub"]


def test_half_replaced_folder_is_put_back(tmp_path):
    folder = tmp_path / "model"
    write_folder(folder, "old")
    script = (
        "import os, sys, pathlib; from cluster_core.storage.drafts import replacing\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "sys.addaudithook(lambda event, arguments: event == 'os.rename' and"
        " str(arguments[1]) == str(folder) and os._exit(9))\n"
        "with replacing(folder) as draft:\n"
        "    draft.mkdir()\n"
    )
    run_python("-c", script, folder)
    assert not folder.exists()
    remove_abandoned_drafts(tmp_path)
    assert list_all(tmp_path) == ["model", "model/inside"]
