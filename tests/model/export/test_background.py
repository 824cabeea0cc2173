from __future__ import annotations

import os
import threading
import time
import zipfile

import pytest

from cluster_core.access import Access
from cluster_core.errors import AccessError, BackboneError, BundleError
from cluster_core.model.export import background
from cluster_core.model.export.background import (
    KEPT_S,
    find_export,
    forget_export,
    start_export,
    sweep_exports,
)
from cluster_core.model.export.exporting import StoppedError
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.request import ExportRequest
from cluster_core.model.export.verification import ExportCheck

CHECK = ExportCheck(32, 32, 0.0, 0.0)


def start(workspace, kind=ExportFormat.TFLITE):
    request = ExportRequest(workspace.bundles / "a model", kind)
    return start_export(Access.owner(), request, workspace)


def wait(export):
    deadline_s = time.monotonic() + 20
    while not export.is_over:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    return export


def write(access, request, workspace, target, progress):
    """Stand in for `make_export`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.suffix:
        target.write_bytes(b"exported")
    else:
        target.mkdir()
        (target / "part.pb").write_bytes(b"exported")
    return CHECK


def test_finished_export_has_a_file_and_its_check(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    export = wait(start(workspace))
    assert find_export(workspace) is export
    assert (export.problem, export.check) == ("", CHECK)
    assert export.path.read_bytes() == b"exported"
    assert export.path.name == "a-model.tflite"
    forget_export(Access.owner(), workspace, export)
    assert find_export(workspace) is None
    assert not export.path.exists()


def test_folder_is_downloaded_as_a_zip(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    export = wait(start(workspace, ExportFormat.GRAPH))
    assert export.path.name == "a-model-pb.zip"
    assert zipfile.ZipFile(export.path).namelist() == ["a-model-pb/part.pb"]
    assert list(export.path.parent.iterdir()) == [export.path]


def test_one_export_runs_at_a_time_and_can_be_stopped(workspace, monkeypatch):
    started = threading.Event()

    def run_until_stopped(access, request, workspace, target, progress):
        started.set()
        while not progress.was_stopped:
            time.sleep(0.01)
        raise StoppedError("The export was stopped.")

    monkeypatch.setattr(background, "make_export", run_until_stopped)
    export = start(workspace)
    started.wait(20)
    with pytest.raises(BundleError, match="Another export is not finished"):
        start(workspace)
    forget_export(Access.owner(), workspace, export)
    assert find_export(workspace) is export  # it is not over
    export.stop()
    assert (wait(export).was_stopped, export.problem) == (True, "")
    monkeypatch.setattr(background, "make_export", write)
    assert wait(start(workspace)).check == CHECK


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BackboneError("It lacks its network.", name="sky"), "It lacks its network."),
        (OSError(28, "No space left on device"), "No space left on device"),
        (KeyError("bug"), "unexpected error, which is in the log"),
    ],
)
def test_failed_export_says_why(workspace, monkeypatch, error, sentence):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(background, "make_export", fail)
    assert sentence in wait(start(workspace)).problem


def test_exports_do_not_replace_each_other(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    first, second = (wait(start(workspace)) for _ in range(2))
    assert first.path.exists()
    assert second.path.exists()
    forget_export(Access.owner(), workspace, first)
    assert find_export(workspace) is second
    assert (first.path.exists(), second.path.exists()) == (False, True)


def test_oldest_of_many_exports_are_deleted(workspace, monkeypatch):
    monkeypatch.setattr(background, "make_export", write)
    monkeypatch.setattr(background, "MAX_KEPT", 2)
    exports = []
    for number in range(3):
        exports.append(wait(start(workspace)))
        os.utime(exports[-1].path.parent, (time.time() + number - 9,) * 2)
    assert [export.path.exists() for export in exports] == [False, True, True]


def test_visitor_may_not_start_an_export(workspace):
    request = ExportRequest(workspace.bundles / "a", ExportFormat.TFLITE)
    with pytest.raises(AccessError):
        start_export(Access("visitor", frozenset()), request, workspace)
    assert find_export(workspace) is None
    export = background.Export(request, workspace.exports / "a.tflite")
    with pytest.raises(AccessError):
        forget_export(Access("visitor", frozenset()), workspace, export)


def test_old_exports_are_deleted(workspace):
    sweep_exports(workspace)  # there is no folder
    workspace.exports.mkdir(parents=True)
    for name in ("new.zip", "old.zip"):
        (workspace.exports / name).write_bytes(b"")
    old_s = time.time() - KEPT_S - 60
    os.utime(workspace.exports / "old.zip", (old_s, old_s))
    sweep_exports(workspace)
    assert [path.name for path in workspace.exports.iterdir()] == ["new.zip"]
