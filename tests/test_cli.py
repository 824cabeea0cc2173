from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster_core import cli
from cluster_core import console as command_line
from cluster_core.console import ProgressLine
from tests.samples import COLOURS, REPOSITORY, draw_blob, run_python, save_picture, write_photos


def run(*arguments):
    return CliRunner().invoke(cli.main, ["classify", *map(str, arguments)])


def read_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def folder(tmp_path):
    """Six pictures in sub-folders of their class, none of them trained on."""
    return write_photos(tmp_path / "new", 3, first_seed=600)


def assert_one_sentence(result, *parts: str) -> None:
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line


def test_a_table_has_a_row_for_every_picture(trained, folder):
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    rows = read_rows(result.stdout)
    assert list(rows[0]) == ["path", "label", "score", "blue stars", "red stars", "problem"]
    assert [row["path"] for row in rows] == sorted(map(str, folder.rglob("*.png")))
    for row in rows:
        assert row["label"] == Path(row["path"]).parent.name
        scores = {label: float(row[label]) for label in COLOURS}
        assert sum(scores.values()) == pytest.approx(1, abs=2e-5)
        assert float(row["score"]) == max(scores.values()) == scores[row["label"]]
        assert row["problem"] == ""
    assert result.stderr == "6 pictures labelled, 0 unreadable\n"


def test_bad_files_are_rows_with_their_reason(trained, folder):
    (folder / "red stars" / "empty.png").touch()
    (folder / "a page, saved.jpg").write_text("<html>")
    (folder / "notes.txt").write_text("hello")
    (folder / ".hidden.png").touch()
    result = run(folder)
    assert result.exit_code == 0
    rows = read_rows(result.stdout)
    bad = {Path(row["path"]).name: row for row in rows if row["problem"]}
    assert set(bad) == {"empty.png", "a page, saved.jpg"}
    assert "is empty" in bad["empty.png"]["problem"]
    for row in bad.values():
        assert row["label"] == row["score"] == row["red stars"] == ""
    assert len(rows) == 8
    assert result.stderr == (
        "6 pictures labelled, 2 unreadable, "
        "1 file left alone that is not named like a picture: notes.txt\n"
    )


def test_files_left_alone_are_named(trained, folder):
    for name in ("a.txt", "b.heic", "c.mov", "d.pdf"):
        (folder / name).touch()
    assert "4 files left alone that are not named like pictures: a.txt, b.heic, c.mov, …" in (
        run(folder).stderr
    )


def lock(monkeypatch, locked: Path) -> None:
    """Refuse a folder and all in it, as the system does to all but root."""
    scan, look, read = os.scandir, Path.stat, Path.read_bytes

    def refuse(path):
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) or scan(path))
    monkeypatch.setattr(
        Path, "stat", lambda path, **flags: refuse(path.parent) or look(path, **flags)
    )
    monkeypatch.setattr(Path, "read_bytes", lambda path: refuse(path.parent) or read(path))


def test_a_folder_that_may_not_be_read_is_a_row(trained, folder, monkeypatch):
    locked = folder / "red stars"
    lock(monkeypatch, locked)
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    first, *others = read_rows(result.stdout)
    assert first["path"] == str(locked)
    assert "Permission denied" in first["problem"]
    assert len(others) == 3
    assert result.stderr == "3 pictures labelled, 1 unreadable\n"


def test_a_file_in_a_folder_that_may_not_be_read_is_a_row(trained, folder, monkeypatch):
    path = next((folder / "red stars").iterdir())
    lock(monkeypatch, path.parent)
    result = run(path)
    assert result.exit_code == 0, result.stderr
    (row,) = read_rows(result.stdout)
    assert row["path"] == str(path)
    assert "Permission denied" in row["problem"]


def test_json_holds_what_the_table_holds(trained, folder):
    (folder / "empty.png").touch()
    rows = read_rows(run(folder).stdout)
    records = [json.loads(line) for line in run(folder, "--json").stdout.splitlines()]
    assert [record["path"] for record in records] == [row["path"] for row in rows]
    for record, row in zip(records, rows, strict=True):
        if row["problem"]:
            assert record == {"path": row["path"], "problem": row["problem"]}
        else:
            assert record["label"] == row["label"]
            assert record["score"] == pytest.approx(float(row["score"]), abs=1e-5)
            assert list(record["scores"]) == list(COLOURS)


def test_the_order_is_that_of_the_arguments(trained, folder):
    red, blue = folder / "red stars", folder / "blue stars"
    single = next(blue.iterdir())
    paths = [row["path"] for row in read_rows(run(red, single, blue).stdout)]
    assert paths == [
        str(path) for path in (*sorted(red.iterdir()), single, *sorted(blue.iterdir()))
    ]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_file_gets_what_standard_output_would(trained, folder, tmp_path, flags):
    output = tmp_path / "new folder" / "out"
    result = run(folder, "--output", output, *flags)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert output.read_bytes() == run(folder, *flags).stdout_bytes
    assert b"\r" not in output.read_bytes()
    assert run(folder, f"--output={output}", *flags).exit_code == 0
    assert [path.name for path in output.parent.iterdir()] == ["out"]


def test_names_and_classes_survive_the_table(trained, tmp_path):
    names = ['a "b", c.png', "ünï 🔭.png", "line\nbreak.png", "=1+1.png"]
    for name in names:
        save_picture(tmp_path / "new" / name, draw_blob(1, COLOURS["red stars"]))
    run(tmp_path / "new", "--output", tmp_path / "out.csv")
    rows = read_rows((tmp_path / "out.csv").read_bytes().decode())
    assert {Path(row["path"]).name for row in rows} == set(names)


def test_a_name_that_is_not_utf8_is_written_all_the_same(trained, tmp_path):
    path = save_picture(tmp_path / "new" / os.fsdecode(b"caf\xe9.png"), draw_blob(1))
    assert run(path.parent, "--output", tmp_path / "out.csv").exit_code == 0
    assert r"caf\udce9.png" in (tmp_path / "out.csv").read_text("utf-8")
    for flags in ((), ("--json",)):
        outcome = run_python("-m", "cluster_core", "classify", path.parent, *flags)
        assert outcome.returncode == 0, outcome.stderr
        assert r"caf\udce9.png" in outcome.stdout


def test_a_folder_without_pictures_is_a_table_without_rows(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty")
    assert result.exit_code == 0
    assert result.stdout == "path,label,score,blue stars,red stars,problem\n"
    assert result.stderr == "0 pictures labelled, 0 unreadable\n"


@pytest.mark.parametrize("kind", ["a folder", "below a file"])
def test_an_output_that_cannot_be_is_told(trained, folder, tmp_path, kind):
    (tmp_path / "file").write_text("precious")
    output = tmp_path if kind == "a folder" else tmp_path / "file" / "out.csv"
    before = sorted(tmp_path.rglob("*"))
    assert_one_sentence(run(folder, "--output", output), str(output), "--output")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "precious"


def test_a_disk_that_fills_up_leaves_the_old_table(trained, folder, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    output.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "write_predictions_csv", lambda stream, labels: fail)
    assert_one_sentence(run(folder, "--output", output), "No space left on device", str(output))
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "out.csv", "tf_files"]


def test_ctrl_c_leaves_the_old_table(trained, folder, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    output.write_text("old")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "write_predictions_csv", lambda stream, labels: stop)
    result = run(folder, "--output", output)
    assert result.exit_code == command_line.EXIT_STOPPED == 130
    assert result.stderr.startswith("\nStopped. Some pictures are not labelled")
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "out.csv", "tf_files"]


def test_a_path_that_is_not_there_is_told(trained, folder, tmp_path):
    result = run(folder, tmp_path / "nowhere")
    assert_one_sentence(result, "There is no file or folder", "nowhere")
    assert result.stdout == ""


def test_without_a_model_the_starter_answers(workspace, folder):
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("path,label,score,globular clusters,open clusters,problem")


def test_a_folder_that_is_no_model_is_told(trained, folder):
    assert_one_sentence(run(folder, f"--graph={folder}"), "There is no model in", str(folder))


@pytest.mark.parametrize("arguments", [[], ["classify"], ["classify", "--no_such"], ["learn"]])
def test_bad_usage_ends_with_2(arguments):
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_every_option_says_what_it_does():
    for option in cli.classify.params:
        if option.param_type_name == "option":
            assert option.help


def test_as_a_program_it_stays_free_of_tensorflow(trained, folder):
    program = (
        "import runpy, sys\n"
        "sys.argv = ['cluster_core', 'classify', sys.argv[1]]\n"
        "try: runpy.run_module('cluster_core', run_name='__main__')\n"
        "except SystemExit as end: print(end.code, sorted(sys.modules), file=sys.stderr)\n"
    )
    outcome = run_python("-c", program, folder)
    assert len(read_rows(outcome.stdout)) == 6
    summary, modules = outcome.stderr.splitlines()
    assert summary == "6 pictures labelled, 0 unreadable"
    assert modules.startswith("0 [")
    assert "'numpy'" in modules
    for heavy in ("tensorflow", "keras", "streamlit", "altair", "pandas"):
        assert f"'{heavy}'" not in modules


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_leaves_is_no_error_to_speak_of(trained, folder):
    many = " ".join([f"'{folder}'"] * 300)
    command = f"'{sys.executable}' -m cluster_core classify {many} | head -n 1"
    outcome = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert outcome.stdout.startswith("path,label,score")
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


@full_device
@pytest.mark.parametrize(
    "module", ["cluster_core classify {}", "cluster_core.label_image --image={}"]
)
def test_a_full_disk_on_standard_output_is_a_sentence(trained, folder, module):
    picture = next(folder.rglob("*.png"))
    command = f"'{sys.executable}' -m {module.format(repr(str(picture)))} > /dev/full"
    outcome = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert outcome.returncode == 1
    *_, line = outcome.stderr.splitlines()
    assert line.startswith("Error: the output could not be written")
    assert "Traceback" not in outcome.stderr
    assert "Exception ignored" not in outcome.stderr


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_drawn_on_a_terminal_and_wiped(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(command_line, "REDRAW_EVERY_S", 0)
    line = ProgressLine()
    line.show("Reading pictures", 1, 4)
    line.show("Reading pictures", 4, 4)
    line.show("Preparing the network", 0, 0)
    line.clear()
    text = terminal.getvalue()
    for part in ("Reading pictures", "1/4", "4/4", "█" * 20, "Preparing the network"):
        assert part in text
    assert text.endswith("\r\033[K")


def test_progress_is_not_drawn_between_rows_on_the_same_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    ProgressLine(beside_rows=True).show("Labelling pictures", 1, 4)
    assert terminal.getvalue() == ""
    ProgressLine(beside_rows=False).show("Labelling pictures", 1, 4)
    assert "1/4" in terminal.getvalue()


def test_progress_is_silent_elsewhere(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    line = ProgressLine()
    line.show("Reading pictures", 1, 4)
    line.clear()
    assert stream.getvalue() == ""
