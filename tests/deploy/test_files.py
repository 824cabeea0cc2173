"""The files in `deploy/` fit the program, and each other."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from cluster_core.server.client import read_proxies
from cluster_core.workspace import Workspace
from tests.samples import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
# What trains, or draws pages.
TRAINING = {"tensorflow-cpu", "tensorflow", "keras", "tensorboard"}
PAGES = {"streamlit", "altair", "segno"}


def read_requirements(path: Path) -> dict[str, str]:
    lines = [line for line in path.read_text().splitlines() if line and line[0] not in "#-"]
    return {re.split(r"[<>=!~;\[ ]", line, maxsplit=1)[0]: line for line in lines}


def test_classify_only_lacks_what_trains_and_draws_pages_and_nothing_else():
    everything = read_requirements(REPOSITORY / "requirements.txt")
    classify = read_requirements(DEPLOY / "requirements-classify.txt")
    assert classify == {k: v for k, v in everything.items() if k not in TRAINING | PAGES}


def test_demo_adds_what_draws_pages():
    everything = read_requirements(REPOSITORY / "requirements.txt")
    demo = read_requirements(DEPLOY / "requirements-demo.txt")
    assert demo == {k: v for k, v in everything.items() if k in PAGES}


@pytest.mark.skipif(not shutil.which("sh"), reason="there is no shell")
@pytest.mark.parametrize("name", ["install.sh", "start.sh"])
def test_scripts_are_valid_and_executable(name):
    subprocess.run(["sh", "-n", DEPLOY / name], check=True)
    assert (DEPLOY / name).stat().st_mode & 0o111


def test_unknown_kind_of_installation_is_refused(tmp_path):
    outcome = subprocess.run(
        ["sh", DEPLOY / "install.sh", tmp_path / "x", "some"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.returncode == 2
    assert "all, demo or classify" in outcome.stderr
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("path", ["Dockerfile", "huggingface/Dockerfile"])
def test_dockerfiles_copy_files_that_exist_and_leave_root(path):
    text = (DEPLOY / path).read_text()
    for name in re.findall(r"/src/(deploy/\S+\.(?:sh|py))", text):
        assert (REPOSITORY / name).is_file()
    assert re.search(r"^USER (?!root)", text, re.MULTILINE)


def test_demos_show_the_models_of_their_owner():
    space = (DEPLOY / "huggingface/Dockerfile").read_text()
    assert "project load /src/project.zip --publish;" in space
    cloud = (DEPLOY / "streamlit-cloud/README.md").read_text()
    default = Workspace(Path("tf_files"))
    assert f"`{default.models.as_posix()}`" in cloud
    assert f"`{default.published.as_posix()}`" in cloud


def test_space_trusts_the_private_networks_that_its_proxies_are_in(monkeypatch):
    space = (DEPLOY / "huggingface/Dockerfile").read_text()
    (named,) = re.findall(r"CLUSTER_LAB_PROXIES=(\S+)", space)
    monkeypatch.setenv("CLUSTER_LAB_PROXIES", named)
    networks = [ip_network(name) for name in read_proxies()]
    assert any(ip_address("10.16.4.1") in network for network in networks)
    assert all(network.is_private for network in networks)


def test_readme_of_the_cloud_opens_the_address_that_the_settings_close():
    settings = tomllib.loads((REPOSITORY / ".streamlit/config.toml").read_text())
    assert settings["server"]["address"] == "localhost"
    cloud = (DEPLOY / "streamlit-cloud/README.md").read_text()
    assert '`address = "0.0.0.0"`' in cloud


@pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx")
def test_nginx_accepts_the_example(tmp_path):
    example = (DEPLOY / "nginx.conf").read_text().replace("listen 80;", "listen 127.0.0.1:18080;")
    (tmp_path / "lab.conf").write_text(example)
    main = f"pid {tmp_path}/pid; error_log stderr; events {{}} http {{ include lab.conf; }}"
    (tmp_path / "nginx.conf").write_text(main)
    outcome = subprocess.run(
        ["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert "syntax is ok" in outcome.stderr


def list_variables(text: str) -> set[str]:
    return set(re.findall(r"CLUSTER_LAB_[A-Z_]+", text))


def test_every_variable_that_is_named_exists():
    code = "".join(
        path.read_text()
        for folder in ("cluster_core", "pages")
        for path in (REPOSITORY / folder).rglob("*.py")
    )
    named = [path for path in DEPLOY.rglob("*") if path.is_file()]
    for path in [*named, REPOSITORY / "docs" / "sharing.md"]:
        assert list_variables(path.read_text()) <= list_variables(code)
