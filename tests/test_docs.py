"""The guide, CONTRIBUTING.md and the README's map describe the program as it is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import cluster_core
from cluster_core import cli
from tests.samples import COLOURS, REPOSITORY, draw_blob, run_python, save_picture, write_photos

DOCS = REPOSITORY / "docs"
COMMAND_PAGE = DOCS / "guide-command-line.md"
# Pages of the repository host, which pytest's link test of the README and the docs leaves out.
HOST_PAGES = ("CONTRIBUTING.md", "SECURITY.md")


def read(*parts: str) -> str:
    return REPOSITORY.joinpath(*parts).read_text("utf-8")


def list_blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)


def list_commands() -> dict[str, click.Command]:
    context = click.Context(cli.main)
    found = {name: cli.main.get_command(context, name) for name in cli.main.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


@pytest.fixture(scope="module")
def command_page(tmp_path_factory) -> str:
    """The page of the command line as Sphinx renders it, without line breaks."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / COMMAND_PAGE.name).write_text(COMMAND_PAGE.read_text("utf-8"), "utf-8")
    options = ("extensions=myst_parser,sphinx_click", f"root_doc={COMMAND_PAGE.stem}")
    flags = [word for option in options for word in ("-D", option)]
    outcome = run_python(
        *("-m", "sphinx", "-C", "-q", "-W", *flags, "-b", "text", folder, folder / "built")
    )
    assert outcome.returncode == 0, outcome.stderr
    return " ".join((folder / "built" / f"{COMMAND_PAGE.stem}.txt").read_text("utf-8").split())


@pytest.mark.parametrize("name", list_commands())
def test_command_page_has_every_flag(name, command_page):
    start = command_page.index(f"python -m cluster_core {name} [OPTIONS]")
    section = re.split(rf"python -m cluster_core (?!{name}\b)", command_page[start:])[0]
    command = list_commands()[name]
    parts = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    options = [p for part in parts for p in part.params if isinstance(p, click.Option)]
    flags = [flag for option in options for flag in (*option.opts, *option.secondary_opts)]
    missing = [flag for flag in flags if not re.search(rf"(?<!\S){re.escape(flag)}\b", section)]
    assert flags or name == "passphrase"  # which asks instead
    assert missing == []


def test_command_page_has_the_flags_of_the_program(command_page):
    flags = [flag for option in cli.main.params for flag in option.opts]
    assert "--version" in flags
    assert all(f"python -m cluster_core {flag}" in command_page for flag in flags)


def test_command_page_names_every_module_that_runs():
    modules = [
        path.stem
        for path in (REPOSITORY / "cluster_core").glob("[a-z]*.py")
        if 'if __name__ == "__main__"' in path.read_text("utf-8")
    ]
    assert modules
    for module in modules:
        assert f"python -m cluster_core.{module}" in COMMAND_PAGE.read_text("utf-8")


def test_api_reference_has_every_public_name():
    pattern = r"\.\. auto(?:function|class|exception):: (\w+)"
    documented = re.findall(pattern, read("docs", "reference.md"))
    assert sorted(documented) == sorted(cluster_core.__all__)


def test_library_examples_run(tmp_path):
    write_photos(tmp_path / "photos", 8)
    write_photos(tmp_path / "other_photos", 2, first_seed=500)
    save_picture(tmp_path / "first.jpg", draw_blob(1))
    save_picture(tmp_path / "second.fits.png", draw_blob(2))
    program = "\n".join(list_blocks(DOCS / "guide-library.md", "python"))
    program = program.replace("second.fits", "second.fits.png").replace("=500", "=20")
    outcome = run_python(
        "-c",
        program,
        cwd=tmp_path,
        env={"PYTHONPATH": str(REPOSITORY), "CLUSTER_LAB_WORKSPACE": str(tmp_path / "tf_files")},
    )
    assert outcome.returncode == 0, outcome.stderr
    assert outcome.stdout.count("cluster") >= len(COLOURS)
    assert "There is no model 'no such model'" in outcome.stdout


def test_command_examples_run(tmp_path):
    lines = [line for block in list_blocks(COMMAND_PAGE, "bash") for line in block.splitlines()]
    commands = [line.split()[1:] for line in lines if line.startswith("python -m cluster_core")]
    assert len(commands) >= len(("render", "train", "label"))
    for command in commands:
        # Fewer pictures and steps than in the guide, for speed.
        shorter = [word.replace("40", "8").replace("=500", "=20") for word in command]
        outcome = run_python(*shorter, cwd=tmp_path, env={"PYTHONPATH": str(REPOSITORY)})
        assert outcome.returncode == 0, outcome.stderr
    assert len((tmp_path / "predictions.csv").read_text("utf-8").splitlines()) == 1 + 2 * 8


def test_browser_guide_names_pages_and_buttons_as_they_are():
    sources = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "pages").rglob("*.py"))
    names = set(re.findall(r"\*\*(.+?)\*\*", read("docs", "guide-browser.md")))
    assert {"Home", "Dataset", "Hyperparameters", "Training", "Evaluation", "Classify"} <= names
    assert [name for name in sorted(names) if f'"{name}"' not in sources] == []


def test_layers_in_contributing_are_those_that_are_checked():
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    (layers,) = (c["layers"] for c in contracts if c.get("containers") == ["cluster_core"])
    (drawing,) = list_blocks(REPOSITORY / "CONTRIBUTING.md", "text")
    drawn = [re.split(r" {2,}", line)[0] for line in drawing.splitlines() if line[0] != " "]
    assert drawn == ["pages", *layers]


def list_map_folders() -> Iterator[str]:
    """Yield the folders of cluster_core that the README's map names, such as `data/web`."""
    for first, second in re.findall(r"^\| (.+?) \| (.+?) \|$", read("README.md"), re.MULTILINE):
        match = re.match(r"`cluster_core/([\w/]+)/`", first)
        if match:
            yield match[1]
            yield from (f"{match[1]}/{inner}" for inner in re.findall(r"`([\w/]+)/`", second))


def test_map_in_readme_has_every_folder_and_no_other():
    core = REPOSITORY / "cluster_core"
    packages = {path.parent.relative_to(core).as_posix() for path in core.glob("*/**/__init__.py")}
    named = set(list_map_folders())
    assert packages - named == set()
    assert [name for name in sorted(named) if not (core / name).is_dir()] == []


@pytest.mark.parametrize("page", HOST_PAGES)
def test_paths_and_links_exist(page):
    text = read(page)
    paths = re.findall(r"\]\((?!https?://)([^)#]+)", text)
    paths += re.findall(r"`((?:cluster_core|pages|tests|docs|\.ci|\.github)/[^`<]*)`", text)
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_workflow_runs_tests_that_exist():
    paths = re.findall(r"\btests(?:/\w+)+(?:\.py)?", read(".github", "workflows", "ci.yml"))
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_citation_and_security_name_the_current_version():
    version = cluster_core.__version__
    assert f"\nversion: {version}\n" in read("CITATION.cff")
    assert f"| {version.rpartition('.')[0]} | yes |" in read("SECURITY.md")
