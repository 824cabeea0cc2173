"""Exports of one small model, each written once for all tests."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster_core.model.export.building import build_export
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.request import ExportRequest
from cluster_core.workspace import Workspace

MakeExport = Callable[..., Path]


@pytest.fixture(scope="session")
def sky_views_once(tmp_path_factory, trained_once) -> Path:
    """The root of a workspace whose model averages eight views. Read-only."""
    root = tmp_path_factory.mktemp("exporting") / "tf_files"
    shutil.copytree(trained_once, root)
    (folder,) = Workspace(root).bundles.iterdir()
    manifest = folder / "manifest.json"
    record = json.loads(manifest.read_text("utf-8")) | {"views": "sky"}
    manifest.write_text(json.dumps(record), "utf-8")
    return root


@pytest.fixture(scope="session")
def model_folder(sky_views_once) -> Path:
    (folder,) = Workspace(sky_views_once).bundles.iterdir()
    return folder


@pytest.fixture(scope="session")
def export_once(tmp_path_factory, sky_views_once, model_folder) -> MakeExport:
    """A function that returns the folder of an export, its pictures and answers. Read-only."""

    @functools.cache
    def make(kind: ExportFormat, is_int8: bool = False) -> Path:
        folder = tmp_path_factory.mktemp(str(kind))
        request = ExportRequest(model_folder, kind, is_int8)
        build_export(request, Workspace(sky_views_once), folder)
        return folder

    return make
