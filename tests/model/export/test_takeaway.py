from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from astropy.io import fits
from PIL import Image

from cluster_core.model.bundle.folder import load_bundle
from cluster_core.model.bundle.selection import ASSETS, STARTER
from cluster_core.model.export.building import build_export
from cluster_core.model.export.formats import ExportFormat
from cluster_core.model.export.request import ExportRequest
from cluster_core.model.prediction.predictor import Predictor
from cluster_core.workspace import Workspace
from tests.samples import draw_blob, save_picture


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    """The take-away folder of the starter model."""
    folder = tmp_path_factory.mktemp("starter")
    request = ExportRequest(ASSETS / STARTER, ExportFormat.TAKEAWAY)
    build_export(request, Workspace(folder / "tf_files"), folder)
    target = folder / "unpacked"
    zipfile.ZipFile(folder / "export.zip").extractall(target)
    return target


def run_script(folder, *pictures) -> list[dict]:
    command = [sys.executable, "-I", folder / "classify.py", *pictures]
    output = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder).stdout
    return [json.loads(line[line.index("{") :]) for line in output.splitlines()]


def test_script_gives_the_answers_of_the_model(unpacked, workspace, tmp_path):
    large = np.kron(draw_blob(2, size_px=300), np.ones((4, 5, 1), np.uint8))
    pictures = [
        save_picture(tmp_path / "small.png", draw_blob(1, size_px=90)),
        save_picture(tmp_path / "large.jpg", large, quality=90),  # read at a fraction of its size
        unpacked / "examples" / "1.jpg",
        unpacked / "examples" / "2.jpg",
    ]
    predictor = Predictor(load_bundle(ASSETS / STARTER), workspace)
    for picture, found in zip(pictures, run_script(unpacked, *pictures), strict=True):
        expected = predictor.predict_file(picture.read_bytes(), picture.name)
        named = {"label": expected.label}.get(expected.verdict, str(expected.verdict))
        assert found["verdict"] == named
        assert found["scores"] == pytest.approx(dict(expected.scores), abs=1e-5)
        assert list(found["scores"]) == list(expected.scores)
        assert found["novelty"] == pytest.approx(expected.novelty, abs=1e-5)


def test_files_that_only_the_program_reads_are_refused_in_a_line_each(unpacked, tmp_path):
    (tmp_path / "notes.jpg").write_text("no picture")
    fits.writeto(tmp_path / "frame.fits", draw_blob(1)[:, :, 0].astype(np.float32))
    Image.fromarray(np.full((9, 9), 40_000, np.uint16)).save(tmp_path / "deep.png")
    names = ["notes.jpg", "missing.jpg", "frame.fits", "deep.png"]
    pictures = [*(tmp_path / name for name in names), unpacked / "examples" / "1.jpg"]
    command = [sys.executable, "-I", unpacked / "classify.py", *pictures]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    lines = [line for line in ended.stderr.splitlines() if "INFO" not in line]
    assert ended.returncode == 1
    assert len(lines) == len(names)
    for line, name in zip(lines, names, strict=True):
        assert f"{name} cannot be read" in line
    assert len(ended.stdout.splitlines()) == 1


def test_readme_and_requirements_are_filled_in(unpacked):
    readme = (unpacked / "README.txt").read_text("utf-8")
    assert "{{" not in readme
    assert "Starter model" in readme
    assert "python classify.py examples/1.jpg" in readme
    requirements = (unpacked / "requirements.txt").read_text("utf-8").splitlines()
    assert [line.split(">=")[0] for line in requirements] == ["numpy", "pillow", "ai-edge-litert"]
    assert "cluster_core" not in (unpacked / "classify.py").read_text("utf-8")


def test_model_of_other_classes_has_no_examples(export_once):
    archive = zipfile.ZipFile(export_once(ExportFormat.TAKEAWAY) / "export.zip")
    assert not [name for name in archive.namelist() if name.startswith("examples")]
    readme = archive.read("README.txt").decode()
    assert "my_picture.jpg" in readme
    assert "examples" not in readme
