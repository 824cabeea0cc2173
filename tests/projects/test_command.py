"""The `project` command."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from cluster_core import cli
from cluster_core.data.catalog import list_datasets
from cluster_core.workspace import ROOT_VARIABLE
from tests.samples import REPOSITORY, write_photos


def run(*arguments, workspace=None):
    environment = {ROOT_VARIABLE: str(workspace.root)} if workspace else {}
    return CliRunner().invoke(cli.main, ["project", *map(str, arguments)], env=environment)


def test_save_preview_and_load(filled, other, tmp_path):
    file = tmp_path / "project.zip"
    saved = run("save", file)
    assert saved.exit_code == 0, saved.output
    assert f"MB in {file}" in saved.output
    preview = run("load", file, "--preview", workspace=other)
    assert "2 datasets, 10 pictures, 1 model, 1 training, 1 queue," in preview.output
    assert not other.root.exists()
    loaded = run("load", file, workspace=other)
    assert "Added 2 datasets, 1 model, 1 training and 1 queue." in loaded.output
    again = run("load", file, workspace=other)
    assert "Added nothing new; 5 were here already." in again.output


def test_existing_file_is_replaced_only_if_told_so(filled, tmp_path):
    file = tmp_path / "project.zip"
    file.write_text("mine")
    refused = run("save", file)
    assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
    assert "exists already" in refused.stderr
    assert file.read_text() == "mine"
    assert run("save", file, "--force").exit_code == 0


@pytest.mark.parametrize("name", ["missing.zip", "."])
def test_unreadable_file_is_one_sentence(tmp_path, name):
    result = run("load", tmp_path / name)
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("Error: ")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("command", ["save", "load"])
def test_killed_command_leaves_nothing_half(workspace, tmp_path, command):
    write_photos(workspace.root / "many_photos", 400)
    file = tmp_path / "project.zip"
    arguments = [str(file), "--force"]
    target = tmp_path / "home"
    if command == "load":
        assert run("save", file).exit_code == 0
        arguments = [str(file)]
    process = subprocess.Popen(
        [sys.executable, "-m", "cluster_core", "project", command, *arguments],
        cwd=REPOSITORY,
        env={ROOT_VARIABLE: str(target if command == "load" else workspace.root)},
        stdout=subprocess.DEVNULL,
    )
    watched = (target / ".incoming", tmp_path)[command == "save"]
    while process.poll() is None and not _has_started(watched):
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if command == "save":
        if file.exists():  # it was written before the signal came: then it is whole
            assert run("load", file).exit_code == 0
        assert run("save", file, "--force").exit_code == 0
        assert [path.name for path in tmp_path.glob(".project*")] == []
    else:
        assert list(target.glob("*_photos")) == []
        result = CliRunner().invoke(
            cli.main, ["project", "load", str(file)], env={ROOT_VARIABLE: str(target)}
        )
        assert result.exit_code == 0
        assert [path.name for path in (target / ".incoming").iterdir()] == []
        assert len(list((target / "many_photos").rglob("*.png"))) == 800
    assert list_datasets(workspace) == ("many",)


def _has_started(folder) -> bool:
    return any(path.suffix == ".part" or "datasets" in path.parts for path in folder.rglob("*"))
