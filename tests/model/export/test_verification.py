"""Every format in a fresh process; and broken exports, which must not be handed out."""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from cluster_core.errors import BundleError
from cluster_core.model.export.building import N_CHECKED
from cluster_core.model.export.formats import FORMATS, ExportFormat
from cluster_core.model.export.request import EXPECTED, PICTURES
from cluster_core.model.export.verification import (
    MAX_DIFFERENCE,
    ExportCheck,
    compare,
    require_agreement,
    verify_export,
)


def verify(kind: ExportFormat, folder, export=None) -> ExportCheck:
    export = export or folder / f"export{FORMATS[kind].suffix}"
    return verify_export(kind, export, folder / PICTURES, folder / EXPECTED)


@pytest.mark.parametrize("kind", ExportFormat)
def test_export_answers_like_the_model_in_a_fresh_process(export_once, kind):
    check = verify(kind, export_once(kind))
    assert (check.n, check.n_same) == (N_CHECKED, N_CHECKED)
    assert check.largest_difference <= MAX_DIFFERENCE
    require_agreement(check, kind, is_int8=False)
    subject = "its network and last layer" if kind is ExportFormat.WEB else "it"
    assert check.describe().startswith(f"In a fresh process {subject} gave 32 of 32 picture files")
    assert ("were not tried" in check.describe()) is (kind is ExportFormat.WEB)


def test_loss_of_8_bit_numbers_is_measured_on_labelled_pictures(export_once):
    folder = export_once(ExportFormat.TFLITE, is_int8=True)
    check = verify(ExportFormat.TFLITE, folder)
    assert check.n == 100  # simulated ones, because the dataset is not in the workspace
    assert check.n_same >= 90
    assert check.largest_difference > MAX_DIFFERENCE
    assert "on average" in check.describe()
    require_agreement(check, ExportFormat.TFLITE, is_int8=True)
    with pytest.raises(BundleError, match="it answers otherwise than the model"):
        require_agreement(check, ExportFormat.TFLITE, is_int8=False)


def test_export_with_altered_weights_is_not_handed_out(export_once, tmp_path):
    folder = export_once(ExportFormat.TAKEAWAY)
    broken = tmp_path / "broken.zip"
    with (
        zipfile.ZipFile(folder / "export.zip") as original,
        zipfile.ZipFile(broken, "w") as altered,
    ):
        for name in original.namelist():
            content = original.read(name)
            if name == "model.npz":
                arrays = dict(np.load(original.open(name)))
                np.savez(tmp_path / "model.npz", **(arrays | {"bias": arrays["bias"] + [0.01, 0]}))
                content = (tmp_path / "model.npz").read_bytes()
            altered.writestr(name, content)
    check = verify(ExportFormat.TAKEAWAY, folder, broken)
    assert check.largest_difference > MAX_DIFFERENCE
    with pytest.raises(BundleError, match="was not handed out, because it answers otherwise"):
        require_agreement(check, ExportFormat.TAKEAWAY, is_int8=False)


def test_export_that_cannot_be_run_is_not_handed_out(export_once, tmp_path):
    folder = export_once(ExportFormat.TFLITE)
    broken = tmp_path / "broken.tflite"
    broken.write_bytes((folder / "export.tflite").read_bytes()[:5000])
    with pytest.raises(BundleError, match="could not be run in a fresh process"):
        verify(ExportFormat.TFLITE, folder, broken)


def test_answers_of_an_earlier_check_do_not_count(export_once, tmp_path):
    folder = tmp_path / "copy"
    shutil.copytree(export_once(ExportFormat.TAKEAWAY), folder)
    verify(ExportFormat.TAKEAWAY, folder)
    (folder / "export.zip").write_bytes(b"not a zip")
    with pytest.raises(BundleError, match="could not be run"):
        verify(ExportFormat.TAKEAWAY, folder)


def answer(*scores: float, novelty=None, verdict="a", label=None):
    return {"scores": list(scores), "novelty": novelty, "verdict": verdict, "label": label}


def test_comparison_counts_labels_verdicts_and_novelty():
    expected = [
        answer(0.9, 0.1, novelty=0.2, label=0),
        answer(0.8, 0.2, novelty=0.3, label=1),
        answer(0.3, 0.7, novelty=0.4, verdict="b"),
    ]
    same = [{"scores": one["scores"]} for one in expected]
    assert compare(expected, same) == ExportCheck(3, 3, 0.0, 0.0, 2, 1, 1)
    novel = [{**one, "novelty": 0.5} for one in same]
    assert compare(expected, novel).largest_difference == pytest.approx(0.3)
    unsure = [{**one, "verdict": "unsure"} for one in same]
    assert compare(expected, unsure).n_same == 0
    swapped = [*same[:1], {"scores": [0.1, 0.9]}, same[2]]
    found = compare(expected, swapped)
    assert (found.n_same, found.n_right_before, found.n_right) == (2, 1, 2)
    assert found.largest_difference == pytest.approx(0.7)


def test_score_that_is_not_a_number_is_a_large_difference():
    check = compare([answer(0.9, 0.1)], [{"scores": [float("nan"), 0.1]}])
    assert check.largest_difference == 1.0


@pytest.mark.parametrize(
    ("n_same", "difference", "is_int8", "is_good"),
    [
        (32, 1e-4, False, True),
        (31, 0.0, False, False),
        (32, 2e-4, False, False),
        (29, 0.4, True, True),
        (28, 0.0, True, False),
    ],
)
def test_limits_of_agreement(n_same, difference, is_int8, is_good):
    check = replace(ExportCheck(32, 32, 0.0, 0.0), n_same=n_same, largest_difference=difference)
    if is_good:
        require_agreement(check, ExportFormat.TFLITE, is_int8=is_int8)
        return
    advice = "without --int8" if is_int8 else "another format"
    with pytest.raises(BundleError, match=advice):
        require_agreement(check, ExportFormat.TFLITE, is_int8=is_int8)


def test_differences_are_written_without_exponents():
    assert "at most 0.00005." in ExportCheck(32, 32, 5e-5, 1e-6).describe()
    assert "at most 0.000001." in ExportCheck(32, 32, 1e-9, 1e-9).describe()
    assert "at most 0.2, and by 0.01 on average." in ExportCheck(32, 32, 0.21, 0.012).describe()
