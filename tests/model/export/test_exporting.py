"""Exports through both processes, from the request to the file."""

from __future__ import annotations

import json
import subprocess
import zipfile

import pytest

from cluster_core.access import Access
from cluster_core.errors import AccessError, BackboneError, BundleError, ConfigError
from cluster_core.model.bundle.selection import ASSETS, STARTER, choose_bundle
from cluster_core.model.export import exporting
from cluster_core.model.export.exporting import (
    ExportProgress,
    Phase,
    StoppedError,
    make_export,
)
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.request import ExportRequest


class Watched(ExportProgress):
    """Notes the phases, and stops at the one that is named."""

    def __init__(self, stop_at: Phase | None = None) -> None:
        super().__init__()
        self.phases: list[Phase] = []
        self.stop_at = stop_at

    def enter(self, phase: Phase) -> None:
        super().enter(phase)
        self.phases.append(phase)
        self.was_stopped = phase is self.stop_at


@pytest.fixture
def request_for(trained):
    folder = trained.bundles / choose_bundle(None, trained).name
    return lambda kind, **options: ExportRequest(folder, kind, **options)


def list_names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_export_is_written_checked_and_moved_to_its_place(trained, request_for, tmp_path):
    target, progress = tmp_path / "out" / "model.zip", Watched()
    for _ in range(2):  # the second replaces the first
        request = request_for(ExportFormat.TAKEAWAY)
        check = make_export(Access.owner(), request, trained, target, progress)
        assert check.n_same == check.n == 32
        assert "classify.py" in zipfile.ZipFile(target).namelist()
        assert list_names(target.parent) == ["model.zip"]
    assert progress.phases == [Phase.WRITING, Phase.CHECKING] * 2


def test_web_page_is_exported_as_a_folder_after_its_network_was_tried(
    trained, request_for, tmp_path
):
    target, progress = tmp_path / "page", Watched()
    request = request_for(ExportFormat.WEB)
    assert make_export(Access.owner(), request, trained, target, progress).n_same == 32
    assert (target / "index.html").is_file()
    assert progress.phases == [Phase.WRITING, Phase.CHECKING]


@pytest.mark.parametrize("phase", Phase)
def test_stopped_export_leaves_nothing(trained, request_for, tmp_path, phase):
    request = request_for(ExportFormat.TAKEAWAY)
    with pytest.raises(StoppedError):
        make_export(Access.owner(), request, trained, tmp_path / "x" / "a.zip", Watched(phase))
    assert list_names(tmp_path / "x") == []


def test_export_that_fails_its_check_leaves_the_older_file(
    trained, request_for, tmp_path, monkeypatch
):
    target = tmp_path / "x" / "a.zip"
    target.parent.mkdir()
    target.write_bytes(b"older")
    monkeypatch.setattr(
        exporting,
        "verify_export",
        lambda *arguments: (_ for _ in ()).throw(BundleError("It is broken.", path=target)),
    )
    with pytest.raises(BundleError, match="It is broken"):
        make_export(Access.owner(), request_for(ExportFormat.TAKEAWAY), trained, target, Watched())
    assert target.read_bytes() == b"older"
    assert list_names(target.parent) == ["a.zip"]


def test_error_of_the_writing_process_is_its_sentence(trained, request_for, tmp_path, monkeypatch):
    def report(errors: str, code: int):
        outcome = subprocess.CompletedProcess([], code, "", errors)
        monkeypatch.setattr(exporting, "run_limited", lambda *arguments: outcome)
        with pytest.raises(BackboneError) as caught:
            make_export(
                Access.owner(),
                request_for(ExportFormat.KERAS),
                trained,
                tmp_path / "x" / "a.keras",
                Watched(),
            )
        return str(caught.value)

    assert report("noise\nError: The network is missing.\n", 1) == "The network is missing."
    assert "could not be written, because its process crashed" in report("Segmentation fault", -11)
    assert list_names(tmp_path / "x") == []


def test_visitor_may_not_export(trained, request_for, tmp_path):
    visitor = Access("visitor", frozenset())
    with pytest.raises(AccessError):
        make_export(visitor, request_for(ExportFormat.TAKEAWAY), trained, tmp_path / "a", Watched())


def test_damaged_model_is_reported_before_anything_is_written(trained, request_for, tmp_path):
    request = request_for(ExportFormat.TAKEAWAY)
    (request.model / "head.npy").write_bytes(b"")
    with pytest.raises(BundleError):
        make_export(Access.owner(), request, trained, tmp_path / "x" / "a.zip", Watched())
    assert not (tmp_path / "x").exists()


def test_model_without_its_network_is_reported(workspace, trained, request_for, tmp_path):
    request = request_for(ExportFormat.TAKEAWAY)
    manifest = request.model / "manifest.json"
    record = json.loads(manifest.read_text("utf-8"))
    record["backbone"]["weights_sha256"] = "0" * 64
    manifest.write_text(json.dumps(record), "utf-8")
    with pytest.raises((BackboneError, BundleError), match="needs the network"):
        make_export(Access.owner(), request, trained, tmp_path / "a.zip", Watched())


def test_only_tflite_has_numbers_of_8_bits():
    with pytest.raises(ConfigError, match="Only tflite"):
        ExportRequest(ASSETS / STARTER, ExportFormat.ONNX, is_int8=True)
