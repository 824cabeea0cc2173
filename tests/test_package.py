"""The wheel holds what it should, and works outside the repository."""

from __future__ import annotations

import email
import re
import subprocess
import sys
import sysconfig
import tomllib
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from cluster_core import __version__
from tests.browser.conftest import find_free_port, wait_until_healthy
from tests.samples import REPOSITORY, draw_blob, save_picture

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
DIST_INFO = f"cluster_lab-{__version__}.dist-info"
TEXT: dict[str, Any] = {"text": True, "capture_output": True}


def run_pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    outcome = subprocess.run(command, check=False, **TEXT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def build_wheel(source: Path, target: Path) -> Path:
    """Build a wheel as `pip wheel .` does, but with the build tools of the tests."""
    run_pip("wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", target, source)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(REPOSITORY, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def contents(wheel: Path) -> dict[str, bytes]:
    """The files of the wheel, by name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def bin_dir(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment with the package, which borrows its dependencies."""
    root = tmp_path_factory.mktemp("environment")
    venv.create(root, symlinks=sys.platform != "win32")
    scheme = {"base": str(root), "platbase": str(root)}
    site_packages = Path(sysconfig.get_path("purelib", "venv", scheme))
    borrowed = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    (site_packages / "borrowed.pth").write_text("\n".join(borrowed))
    scripts = Path(sysconfig.get_path("scripts", "venv", scheme))
    run_pip("--python", scripts / "python", "install", "--no-deps", "--no-index", wheel)
    return scripts


@pytest.fixture
def elsewhere(workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to run in, with nothing in the environment that leads to the repository."""
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def run(program: Path, *arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program, *map(str, arguments)], cwd=cwd, check=False, **TEXT)


def list_sources(folder: str, target: str) -> Iterator[str]:
    """Yield the names in the wheel of all files in a folder of the repository."""
    for path in (REPOSITORY / folder).rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield f"{target}/{path.relative_to(REPOSITORY / folder).as_posix()}"


def test_wheel_holds_the_package_and_the_app_only(contents):
    metadata = {
        name for name in contents if name.startswith(f"cluster_lab-{__version__}.dist-info")
    }
    webapp = "cluster_core/webapp"
    assert contents.keys() - metadata == {
        *list_sources("cluster_core", "cluster_core"),
        *list_sources("pages", f"{webapp}/pages"),
        f"{webapp}/app.py",
        f"{webapp}/.streamlit/config.toml",
    }
    for needed in ("py.typed", "assets/everyday_NOTICE.txt", "assets/starter/manifest.json"):
        assert f"cluster_core/{needed}" in contents
    config = (REPOSITORY / ".streamlit" / "config.toml").read_bytes()
    assert contents[f"{webapp}/.streamlit/config.toml"] == config


def test_metadata_matches_the_repository(contents):
    metadata = email.message_from_bytes(contents[f"{DIST_INFO}/METADATA"])
    assert (metadata["Name"], metadata["Version"]) == ("cluster-lab", __version__)
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    lines = (REPOSITORY / "requirements.txt").read_text("utf-8").splitlines()
    wanted = {Requirement(line) for line in lines if line and not line.startswith("#")}
    found = map(Requirement, metadata.get_all("Requires-Dist"))
    assert {each for each in found if "extra" not in str(each.marker)} == wanted
    assert f"{DIST_INFO}/licenses/LICENSE" in contents


def test_build_tools_are_among_the_development_requirements():
    lines = (REPOSITORY / "requirements-dev.txt").read_text("utf-8").splitlines()
    assert set(PROJECT["build-system"]["requires"]) <= set(lines)


def test_sdist_builds_a_wheel_with_the_same_files(contents, tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    outcome = subprocess.run(command, cwd=REPOSITORY, check=False, **TEXT)
    assert outcome.returncode == 0, outcome.stderr
    (sdist,) = tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(build_wheel(sdist, tmp_path / "wheel")) as archive:
        assert set(archive.namelist()) == contents.keys()


@pytest.mark.parametrize("flags", [(), ("--force-reinstall",)], ids=["again", "by force"])
def test_wheel_installs_over_itself(wheel, bin_dir, elsewhere, flags):
    run_pip(*("--python", bin_dir / "python", "install", "--no-deps", "--no-index", *flags, wheel))
    outcome = run(bin_dir / "cluster-lab", "--version", cwd=elsewhere)
    assert (outcome.returncode, outcome.stdout) == (0, f"Cluster Lab, version {__version__}\n")


def test_package_is_the_installed_one(bin_dir, elsewhere):
    outcome = run(
        bin_dir / "python", "-c", "import cluster_core; print(cluster_core.__file__)", cwd=elsewhere
    )
    assert Path(outcome.stdout.strip()).is_relative_to(bin_dir.parent)


@pytest.mark.parametrize(
    "command",
    [
        "-m cluster_core classify",
        "-m cluster_core.retrain",
        "-m cluster_core.label_image",
        "-m cluster_core.download",
        "-m cluster_core.training.jobs.worker",
    ],
)
def test_module_forms_start(bin_dir, elsewhere, command):
    # The worker takes no options: it needs the folder of a workspace, and ends with its input.
    is_worker = command.endswith("worker")
    last = elsewhere / "tf_files" if is_worker else "--help"
    outcome = subprocess.run(
        [bin_dir / "python", *command.split(), last], cwd=elsewhere, input="", check=False, **TEXT
    )
    assert outcome.returncode == 0, outcome.stderr
    assert is_worker or outcome.stdout.startswith(f"Usage: python {command} ")


def test_label_answers_with_the_starter_model(bin_dir, elsewhere):
    save_picture(elsewhere / "picture.png", draw_blob(1))
    outcome = run(bin_dir / "cluster-lab", "label", "--image=picture.png", cwd=elsewhere)
    assert outcome.returncode == 0, outcome.stderr
    assert re.findall(r"^(\w+ clusters) \(score=0\.\d+\)$", outcome.stdout, re.MULTILINE)


def test_app_serves_from_any_folder(bin_dir, elsewhere):
    port, log = find_free_port(), elsewhere / "log.txt"
    command = [bin_dir / "cluster-lab", "app", f"--port={port}", "--host=127.0.0.1"]
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--no-browser"], cwd=elsewhere, stdout=stream, stderr=stream
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_healthy(url, process, log)
        with urllib.request.urlopen(url) as page:
            assert page.status == 200
    finally:
        process.terminate()
        process.wait(timeout=60)
    assert "Traceback" not in log.read_text()


def test_first_page_renders_from_the_installed_app(bin_dir, elsewhere):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from streamlit.testing.v1 import AppTest\n"
        "from cluster_core.start_app import find_app\n"
        "app = find_app()\n"
        "sys.path.insert(0, str(app.parent))\n"
        "page = AppTest.from_file(app.parent / 'pages' / 'main.py', default_timeout=60).run()\n"
        "print(app, len(page.exception), len(page.error), page.title[0].value, sep='|')\n"
    )
    outcome = run(bin_dir / "python", "-c", program, cwd=elsewhere)
    app, *problems, title = outcome.stdout.strip().split("|")
    assert Path(app).is_relative_to(bin_dir.parent)
    assert problems == ["0", "0"]
    assert title
