"""Child processes that run this package's own modules."""

from __future__ import annotations

import os
import subprocess

import pytest

from cluster_core import subprocesses
from tests.samples import REPOSITORY, make_slow_command


def run_child(module, cwd):
    return subprocess.run(
        subprocesses.make_command(module, "--help"),
        env=subprocesses.make_environment(),
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def test_package_is_found_from_any_folder(tmp_path):
    outcome = run_child("cluster_core.download", tmp_path)
    assert outcome.returncode == 0, outcome.stderr


def test_modules_in_the_current_folder_are_not_used(tmp_path):
    (tmp_path / "click.py").write_text("raise SystemExit('the wrong module')")
    outcome = run_child("cluster_core.download", tmp_path)
    assert outcome.returncode == 0, outcome.stderr


def test_source_tree_goes_ahead_of_other_paths(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    paths = subprocesses.make_environment()["PYTHONPATH"].split(os.pathsep)
    assert paths == [str(REPOSITORY), "elsewhere"]


def test_installed_package_leaves_the_path_alone(monkeypatch, tmp_path):
    # With site-packages on PYTHONPATH, packages there would replace the standard library's.
    monkeypatch.setattr(subprocesses, "_PACKAGE_PARENT", tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert "PYTHONPATH" not in subprocesses.make_environment()


def test_interrupted_command_is_killed(tmp_path):
    def interrupt():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        subprocesses.run_limited(make_slow_command(tmp_path / "end"), 60, interrupt)
    assert not (tmp_path / "end").exists()
