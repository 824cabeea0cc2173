"""What the README and the docs tell people to type works as typed."""

from __future__ import annotations

import re
import shlex
import zipfile

import numpy as np
import pytest
from astropy.io import fits

from tests.samples import REPOSITORY, draw_blob, run_python, save_picture, write_photos

README = (REPOSITORY / "README.md").read_text("utf-8")
DOCS = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def list_blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def list_commands() -> list[str]:
    lines = [line for block in list_blocks("bash") for line in block.splitlines()]
    return [line for line in lines if line.startswith("python -m cluster_core")]


@pytest.fixture
def place(tmp_path, trained):
    """A folder with the files that the README speaks of."""
    write_photos(trained.cluster_photos, 6)
    for name in ("picture.jpg", "folder/one.jpg"):
        save_picture(tmp_path / name, draw_blob(4))
    with zipfile.ZipFile(tmp_path / "night.zip", "w") as archive:
        archive.write(tmp_path / "picture.jpg", "night/picture.jpg")
    # Refused, so that the command ends without a network; what it fetches is tested elsewhere.
    (tmp_path / "addresses.txt").write_text("http://127.0.0.1/picture.jpg\n")
    fits.PrimaryHDU(np.arange(900.0).reshape(30, 30)).writeto(tmp_path / "another.fits")
    return tmp_path


def test_there_are_commands_to_try():
    assert {shlex.split(command)[2] for command in list_commands()} == {
        "cluster_core",
        "cluster_core.retrain",
        "cluster_core.label_image",
        "cluster_core.download",
    }


@pytest.mark.parametrize("command", list_commands())
def test_a_command_runs_as_typed(command, place):
    # The network of the tests stands in for one whose weights must be downloaded.
    command = re.sub(r"--architecture=\S+", "--architecture=random", command)
    outcome = run_python(*shlex.split(command)[1:], cwd=place, env={"PYTHONPATH": str(REPOSITORY)})
    assert outcome.returncode == 0, outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_the_library_example_runs(place):
    (example,) = list_blocks("python")
    outcome = run_python("-c", example, cwd=place, env={"PYTHONPATH": str(REPOSITORY)})
    assert outcome.returncode == 0, outcome.stderr
    assert re.fullmatch(r"(blue|red) stars 0\.\d+\n", outcome.stdout)


def test_the_library_example_is_typed(tmp_path):
    (example,) = list_blocks("python")
    # A wrong type would pass unnoticed if the names were of type Any.
    (tmp_path / "example.py").write_text(f"{example}reveal_type(prediction.score)\n")
    outcome = run_python("-m", "mypy", tmp_path / "example.py")
    assert 'Revealed type is "float"' in outcome.stdout.replace("builtins.", ""), outcome.stdout
    assert outcome.returncode == 0, outcome.stdout


def test_the_two_lines_at_the_top_name_what_is_there():
    start, tests = (block.strip() for block in list_blocks("bash")[:2])
    assert start == "python3 install.py && .venv/bin/streamlit run app.py"
    assert tests == "python3 install.py --dev && .venv/bin/python -m pytest -n 2 --dist loadfile"
    for name in ("install.py", "app.py", "requirements.txt", "requirements-dev.txt"):
        assert (REPOSITORY / name).is_file()


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text("utf-8"))
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.name)
def test_modules_that_are_named_exist(page):
    for module in re.findall(r"python -m ([a-z_.]+)", page.read_text("utf-8")):
        path = REPOSITORY / module.replace(".", "/")
        is_there = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
        assert is_there or module in ("pip", "pytest"), module
