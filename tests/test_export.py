"""The `export` command, as a user types it."""

from __future__ import annotations

import zipfile

import pytest
from click.testing import CliRunner

from cluster_core.export import main
from cluster_core.model.bundle.selection import choose_bundle
from tests.samples import run_python


@pytest.fixture
def name(trained) -> str:
    return choose_bundle(None, trained).name


def run(*arguments: str):
    return CliRunner().invoke(main, list(map(str, arguments)))


def test_command_writes_a_file_that_keras_loads(trained, name, tmp_path):
    output = tmp_path / "model.keras"
    outcome = run_python(
        *("-m", "cluster_core", "export", name, "--format", "keras", "--output", output)
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.startswith(
        f"Wrote {output}. In a fresh process it gave 32 of 32 picture files the same label"
    )
    assert outcome.stderr == ""
    assert "config.json" in zipfile.ZipFile(output).namelist()


def test_existing_file_is_replaced_only_with_force(trained, name, tmp_path):
    output = tmp_path / "model.zip"
    output.write_bytes(b"precious")
    arguments = (name, "--format", "takeaway", "--output", output)
    outcome = run(*arguments)
    assert outcome.exit_code == 1
    assert "already exists" in outcome.output
    assert "--force" in outcome.output
    assert output.read_bytes() == b"precious"
    assert run(*arguments, "--force").exit_code == 0
    assert zipfile.is_zipfile(output)


def test_folder_is_never_replaced(trained, name, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"precious")
    for kind in ("pb", "takeaway"):
        outcome = run(name, "--format", kind, "--output", tmp_path / "photos", "--force")
        assert outcome.exit_code == 1
        assert "already exists: choose another --output." in outcome.output
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        (("gone", "--format", "onnx", "--output", "a.onnx"), 1, "There is no model 'gone'"),
        (("starter", "--format", "exe", "--output", "a.exe"), 2, "is not one of"),
        (("starter", "--format", "pb", "--int8", "--output", "a"), 1, "Only tflite"),
        (("starter", "--format", "pb"), 2, "Missing option '--output'"),
    ],
)
def test_wrong_request_is_one_sentence(
    workspace, monkeypatch, tmp_path, arguments, exit_code, sentence
):
    monkeypatch.chdir(tmp_path)
    outcome = run(*arguments)
    assert outcome.exit_code == exit_code
    assert sentence in outcome.output
    assert "Traceback" not in outcome.output
    assert not list(tmp_path.glob("a*"))
