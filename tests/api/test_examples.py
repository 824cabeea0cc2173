"""The programs that people copy work as they are."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cluster_core.access import Access
from cluster_core.api.examples import KEY_PLACEHOLDER, make_examples
from cluster_core.api.keys import create_key
from tests.api.conftest import LABEL, make_picture

PROGRAMS = {"curl": ["sh"], "Python": [sys.executable], "JavaScript": ["node"]}
SUFFIXES = {"curl": ".sh", "Python": ".py", "JavaScript": ".mjs"}


def write_example(server, folder: Path, language: str, secret: str | None) -> Path:
    for name in ("picture.jpg", "another.jpg"):
        (folder / name).write_bytes(make_picture())
    needs_key = secret is not None
    program = make_examples(server.url, server.model_id, needs_key=needs_key)[language]
    assert (KEY_PLACEHOLDER in program) == ("Authorization" in program) == needs_key
    path = folder / f"example{SUFFIXES[language]}"
    path.write_text(program.replace(KEY_PLACEHOLDER, secret or ""))
    return path


@pytest.mark.parametrize("has_key", [True, False])
@pytest.mark.parametrize("language", PROGRAMS)
def test_example_labels_a_picture(server, tmp_path, language, has_key):
    command = PROGRAMS[language]
    if not shutil.which("curl" if language == "curl" else command[0]):
        pytest.skip(f"{language} is not installed")
    secret = create_key(Access.owner(), server.workspace, "example")[0] if has_key else None
    path = write_example(server, tmp_path, language, secret)
    outcome = subprocess.run(
        [*command, path], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert outcome.returncode == 0, outcome.stderr
    if language == "curl":
        answers = json.loads(outcome.stdout)["answers"]
        assert [answer["label"] for answer in answers] == [LABEL, LABEL]
        assert [answer["file"] for answer in answers] == ["picture.jpg", "another.jpg"]
    else:
        assert LABEL in outcome.stdout


def test_odd_model_id_cannot_leave_its_address():
    for program in make_examples("http://localhost/api/v1", "a\"'$(x)`/ä\n").values():
        assert "/models/a%22%27%24%28x%29%60%2F%C3%A4%0A/classify" in program
