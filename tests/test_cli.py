from __future__ import annotations

import csv
import importlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from itertools import compress, islice
from pathlib import Path

import click
import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner

from cluster_core import __version__, classify, cli, console, start_app
from cluster_core.console import ProgressLine
from cluster_core.model.prediction.tables import formats
from tests.samples import COLOURS, REPOSITORY, draw_blob, run_python, save_picture, write_photos


def run(*arguments):
    return CliRunner().invoke(cli.main, ["classify", *map(str, arguments)])


def load_command(name: str) -> click.Command:
    command = cli.main.get_command(click.Context(cli.main), name)
    assert command is not None
    return command


def read_rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def folder(tmp_path):
    """Six pictures, in one folder per class, that no model was trained on."""
    return write_photos(tmp_path / "new", 3, first_seed=600)


def assert_one_sentence(result, *parts: str) -> None:
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line


def test_table_has_a_row_per_picture(trained, folder):
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    rows = read_rows(result.stdout)
    columns = ["path", "label", "score", "verdict", "novelty", "blue stars", "red stars", "problem"]
    assert list(rows[0])[:8] == columns
    assert {row["program"] for row in rows} == {f"cluster-lab {__version__}"}
    assert {row["model_id"] for row in rows} == {path.name for path in trained.bundles.iterdir()}
    assert [row["path"] for row in rows] == sorted(map(str, folder.rglob("*.png")))
    for row in rows:
        assert row["label"] == Path(row["path"]).parent.name
        scores = {label: float(row[label]) for label in COLOURS}
        assert sum(scores.values()) == pytest.approx(1, abs=2e-5)
        assert float(row["score"]) == max(scores.values()) == scores[row["label"]]
        assert row["problem"] == ""
    assert result.stderr == "6 pictures labelled, 0 could not be used\n"


@pytest.mark.parametrize("suffix", [".fits", ".fits.gz"])
def test_cards_of_a_fits_file_are_in_the_table_and_in_json(trained, tmp_path, suffix):
    part = fits.PrimaryHDU(np.arange(64 * 64, dtype=">f4").reshape(64, 64))
    part.header["OBJECT"], part.header["OBJCTRA"], part.header["DEC"] = "M 13", "16 41 41", -36.5
    part.writeto(tmp_path / f"a{suffix}")
    (row,) = read_rows(run(tmp_path).stdout)
    assert (row["OBJECT"], row["RA"], row["DEC"], row["FILTER"]) == (
        "M 13",
        "16 41 41",
        "-36.5",
        "",
    )
    record = json.loads(run(tmp_path, "--json").stdout)
    assert (record["OBJECT"], record["verdict"]) == ("M 13", row["verdict"])
    assert (record["model"], record["unsure_below"]) == (row["model"], float(row["unsure_below"]))
    assert "FILTER" not in record


def test_unreadable_files_are_rows_with_their_reason(trained, folder):
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
        "6 pictures labelled, 2 could not be used, "
        "1 file skipped (no picture extension): notes.txt\n"
    )


def test_skipped_files_are_named(trained, folder):
    for name in ("a.txt", "b.docx", "c.mov", "d.pdf"):
        (folder / name).touch()
    assert "4 files skipped (no picture extension): a.txt, b.docx, c.mov, …" in (run(folder).stderr)


def lock(monkeypatch, locked: Path) -> None:
    """Deny access to a folder and its files, as the system does to anyone but root."""
    scan, look, read = os.scandir, Path.stat, Path.read_bytes

    def refuse(path):
        if Path(path) == locked:
            raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", lambda path: refuse(path) or scan(path))
    monkeypatch.setattr(
        Path, "stat", lambda path, **flags: refuse(path.parent) or look(path, **flags)
    )
    monkeypatch.setattr(Path, "read_bytes", lambda path: refuse(path.parent) or read(path))


def test_folder_without_permission_is_a_row(trained, folder, monkeypatch):
    locked = folder / "red stars"
    lock(monkeypatch, locked)
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    *others, last = read_rows(result.stdout)
    assert last["path"] == str(locked)
    assert "Permission denied" in last["problem"]
    assert len(others) == 3
    assert result.stderr == "3 pictures labelled, 1 could not be used\n"


def test_file_without_permission_is_a_row(trained, folder, monkeypatch):
    path = next((folder / "red stars").iterdir())
    lock(monkeypatch, path.parent)
    result = run(path)
    assert result.exit_code == 0, result.stderr
    (row,) = read_rows(result.stdout)
    assert row["path"] == str(path)
    assert "Permission denied" in row["problem"]


def test_json_matches_the_table(trained, folder):
    (folder / "empty.png").touch()
    rows = read_rows(run(folder).stdout)
    records = [json.loads(line) for line in run(folder, "--json").stdout.splitlines()]
    assert [record["path"] for record in records] == [row["path"] for row in rows]
    for record, row in zip(records, rows, strict=True):
        assert record["model_id"] == row["model_id"]
        if row["problem"]:
            assert record["problem"] == row["problem"]
            assert not record.keys() & {"label", "score", "verdict", "novelty", "scores"}
        else:
            assert record["verdict"] == row["verdict"]
            assert record["label"] == row["label"]
            assert record["score"] == pytest.approx(float(row["score"]), abs=1e-5)
            assert list(record["scores"]) == list(COLOURS)


def test_rows_follow_the_order_of_the_arguments(trained, folder):
    red, blue = folder / "red stars", folder / "blue stars"
    single = next(blue.iterdir())
    paths = [row["path"] for row in read_rows(run(red, single, blue).stdout)]
    assert paths == [
        str(path) for path in (*sorted(red.iterdir()), single, *sorted(blue.iterdir()))
    ]


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_output_file_matches_standard_output(trained, folder, tmp_path, flags):
    output = tmp_path / "new folder" / "out"
    result = run(folder, "--output", output, *flags)
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert output.read_bytes() == run(folder, *flags).stdout_bytes
    assert b"\r" not in output.read_bytes()
    assert run(folder, f"--output={output}", *flags).exit_code == 0
    assert [path.name for path in output.parent.iterdir()] == ["out"]


@pytest.mark.parametrize("name", ["csv", "jsonl", "parquet", "votable", "ecsv"])
def test_formats_are_spelled_as_in_the_guide(name):
    (option,) = (one for one in classify.main.params if one.name == "table_format")
    assert option.type.convert(name, None, None) == name
    assert "jsonl|" in option.make_metavar(click.Context(classify.main))


def test_unusual_names_survive_the_table(trained, tmp_path):
    names = ['a "b", c.png', "ünï 🔭.png", "line\nbreak.png", "=1+1.png"]
    for name in names:
        save_picture(tmp_path / "new" / name, draw_blob(1, COLOURS["red stars"]))
    run(tmp_path / "new", "--output", tmp_path / "out.csv")
    rows = read_rows((tmp_path / "out.csv").read_bytes().decode())
    assert {Path(row["path"]).name for row in rows} == set(names)


def test_name_that_is_not_utf8_is_escaped(trained, tmp_path):
    path = save_picture(tmp_path / "new" / os.fsdecode(b"caf\xe9.png"), draw_blob(1))
    assert run(path.parent, "--output", tmp_path / "out.csv").exit_code == 0
    assert r"caf\udce9.png" in (tmp_path / "out.csv").read_text("utf-8")
    for flags in ((), ("--json",)):
        outcome = run_python("-m", "cluster_core", "classify", str(path.parent), *flags)
        assert outcome.returncode == 0, outcome.stderr
        assert r"caf\udce9.png" in outcome.stdout


def test_archives_and_lists_are_labelled_like_folders(trained, folder, tmp_path):
    packed = Path(shutil.make_archive(str(tmp_path / "night"), "zip", folder))
    names = tmp_path / "names.txt"
    names.write_text(f"{packed}\nnowhere.png\n")
    result = run("--from", names, "--output", tmp_path / "out.jsonl")
    assert result.exit_code == 0, result.stderr
    records = list(map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines()))
    assert len(records) == 7
    for record in records[:-1]:
        assert record["path"].startswith(f"{packed}/{record['label']}/")
    assert "There is no file or folder nowhere.png" in records[-1]["problem"]
    assert result.stderr == "6 pictures labelled, 1 could not be used\n"


def test_classify_without_pictures_is_wrong_usage():
    assert run().exit_code == 2


def test_folder_without_pictures_gives_an_empty_table(trained, tmp_path):
    (tmp_path / "empty").mkdir()
    result = run(tmp_path / "empty")
    assert result.exit_code == 0
    (header,) = result.stdout.splitlines()
    assert header.startswith("path,label,score,verdict,novelty,blue stars,red stars,problem,")
    assert result.stderr == (f"0 pictures labelled, 0 could not be used\n{console.NO_PICTURES}\n")


@pytest.mark.parametrize("kind", ["a folder", "below a file"])
def test_impossible_output_is_reported(trained, folder, tmp_path, kind):
    (tmp_path / "file").write_text("precious")
    output = tmp_path if kind == "a folder" else tmp_path / "file" / "out.csv"
    before = sorted(tmp_path.rglob("*"))
    assert_one_sentence(run(folder, "--output", output), str(output), "--output")
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "precious"


def test_input_is_not_replaced_by_the_table(trained, folder):
    picture = next(folder.rglob("*.png"))
    before = picture.read_bytes()
    assert_one_sentence(run(folder, "--output", picture), picture.name, "choose another --output")
    assert picture.read_bytes() == before


def test_full_disk_keeps_the_old_table(trained, folder, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    output.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats, "write_csv", lambda stream, table: fail)
    assert_one_sentence(run(folder, "--output", output), "No space left on device", str(output))
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "out.csv", "tf_files"]


def test_ctrl_c_keeps_the_old_table(trained, folder, tmp_path, monkeypatch):
    output = tmp_path / "out.csv"
    output.write_text("old")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(formats, "write_csv", lambda stream, table: stop)
    result = run(folder, "--output", output)
    assert result.exit_code == console.EXIT_STOPPED == 130
    assert result.stderr.startswith("\nStopped. Not all pictures were labelled")
    assert output.read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "out.csv", "tf_files"]


def test_resume_goes_on_where_a_run_was_stopped(trained, folder, tmp_path, monkeypatch):
    output, label_all = tmp_path / "out.csv", classify.classify_sources

    def stop_after_two(*arguments):
        yield from islice(label_all(*arguments), 2)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(classify, "classify_sources", stop_after_two)
        result = run(folder, "--output", output)
    assert result.exit_code == console.EXIT_STOPPED
    assert "Add --resume" in result.stderr
    assert not output.exists()
    result = run(folder, "--output", output, "--resume")
    assert result.exit_code == 0, result.stderr
    assert "4 pictures labelled after 2 pictures of earlier runs, 0 could not" in result.stderr
    assert output.read_text() == run(folder).stdout


def test_cluster_without_its_package_is_reported(trained, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "cluster_core.storage.dask_cluster", None)
    assert_one_sentence(
        run(folder, "--dask", "tcp://127.0.0.1:1"), 'pip install "cluster-lab[dask]"'
    )


class Cluster:
    """Maps as a cluster does, some pictures ahead; workers die of one file."""

    def __init__(self, address):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def map_images(self, function, items, give_up):
        for item in list(items):
            yield (give_up if item.path.name == "M92.png" else function)(item)


def test_objects_are_named_here_when_a_cluster_labels(trained, folder, monkeypatch):
    names = ["M13", "M3", "M92", "M45", "M31", "M5"]
    for path, name in zip(sorted(folder.rglob("*.png")), names, strict=True):
        path.rename(path.with_stem(name))
    (folder / "empty.png").touch()
    alone = read_rows(run(folder, "--identify").stdout)
    monkeypatch.setattr("cluster_core.storage.dask_cluster.DaskCluster", Cluster)
    rows = read_rows(run(folder, "--identify", "--dask", "tcp://127.0.0.1:1").stdout)
    of_lost = [Path(row["path"]).name == "M92.png" for row in rows]
    (given_up,) = compress(rows, of_lost)
    assert "given up" in given_up["problem"]
    assert [row for row in rows if row is not given_up] == [
        row for row, is_lost in zip(alone, of_lost, strict=True) if not is_lost
    ]
    assert {"M 13", "M 5"} <= {row["object"] for row in rows}


def test_missing_path_is_reported(trained, folder, tmp_path):
    result = run(folder, tmp_path / "nowhere")
    assert_one_sentence(result, "There is no file or folder", "nowhere")
    assert result.stdout == ""


def test_starter_model_answers_in_an_empty_workspace(workspace, folder):
    result = run(folder)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith(
        "path,label,score,verdict,novelty,globular clusters,open clusters,problem,"
    )


def test_folder_without_a_model_is_reported(trained, folder):
    assert_one_sentence(run(folder, f"--graph={folder}"), "There is no model in", str(folder))


@pytest.mark.parametrize("arguments", [[], ["classify"], ["classify", "--no_such"], ["learn"]])
def test_wrong_usage_exits_with_2(arguments):
    result = CliRunner().invoke(cli.main, arguments)
    assert result.exit_code == 2
    assert result.stdout == ""


def test_every_option_has_help():
    for name in cli.SUBCOMMANDS:
        for option in load_command(name).params:
            if option.param_type_name == "option":
                assert option.help, (name, option.name)


def run_and_list_modules(*arguments):
    """Run `python -m cluster_core`; return what it printed, and the modules it loaded."""
    program = (
        "import json, runpy, sys\n"
        "sys.argv = ['cluster_core', *sys.argv[1:]]\n"
        "try: runpy.run_module('cluster_core', run_name='__main__')\n"
        "except SystemExit as end: print(json.dumps([end.code, *sys.modules]), file=sys.stderr)\n"
    )
    outcome = run_python("-c", program, *arguments)
    *errors, listing = outcome.stderr.splitlines()
    code, *modules = json.loads(listing)
    assert code == 0
    return outcome.stdout.splitlines(), errors, set(modules)


def test_classify_loads_no_tensorflow_and_prints_only_its_own_lines(trained, folder):
    rows, errors, modules = run_and_list_modules("classify", folder)
    assert len(rows) == 1 + 6
    assert errors == ["6 pictures labelled, 0 could not be used"]
    assert "numpy" in modules
    assert not modules & {"tensorflow", "keras", "streamlit", "altair", "pandas"}


def test_every_command_is_listed_and_explained():
    listing = CliRunner().invoke(cli.main, ["--help"]).stdout
    for name, (_, text) in cli.SUBCOMMANDS.items():
        assert re.search(rf"^  {name} +{text}$", listing, re.MULTILINE)
        assert load_command(name).help


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["app", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    _, _, modules = run_and_list_modules(*arguments)
    assert not modules & {"tensorflow", "keras", "streamlit", "numpy", "PIL"}


@pytest.mark.parametrize(
    ("name", "module"),
    [("retrain", "retrain"), ("label", "label_image"), ("download", "download")],
)
def test_subcommand_matches_the_module_form(name, module):
    assert load_command(name) is importlib.import_module(f"cluster_core.{module}").main


@pytest.fixture
def started(monkeypatch):
    """Collect the command lines that `app` would become, instead of becoming them."""
    commands = []
    monkeypatch.setattr(start_app, "become_program", commands.append)
    return commands


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ([], []),
        (["--port", "8600"], ["--server.port=8600"]),
        (["--host=127.0.0.1"], ["--server.address=127.0.0.1"]),
        (["--no-browser"], ["--server.headless=true"]),
        (
            ["--server.maxUploadSize", "50", "--port=80", "--theme.base=dark"],
            ["--server.port=80", "--server.maxUploadSize", "50", "--theme.base=dark"],
        ),
    ],
)
def test_app_passes_options_to_streamlit(started, arguments, flags):
    result = CliRunner().invoke(cli.main, ["app", *arguments])
    assert (result.exit_code, result.output) == (0, "")
    script = str(REPOSITORY / "app.py")
    assert started == [[sys.executable, "-P", "-m", "streamlit", "run", script, *flags]]


def test_app_reports_a_port_in_use(started):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = CliRunner().invoke(cli.main, ["app", f"--port={port}", "--host=127.0.0.1"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: Port {port} is in use: ")
    assert started == []


@pytest.mark.parametrize(
    "arguments", [["--prot=80"], ["80"], ["--port=0"], ["--port=no"], ["--server.port=1", "--x"]]
)
def test_app_refuses_wrong_usage(started, arguments):
    result = CliRunner().invoke(cli.main, ["app", *arguments])
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert started == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes close differently there")
def test_closed_pipe_is_silent(trained, folder):
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
def test_full_disk_on_standard_output_is_reported(trained, folder, module):
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


def test_progress_is_drawn_and_erased_on_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    monkeypatch.setattr(console, "REDRAW_EVERY_S", 0)
    line = ProgressLine()
    line.show("Reading pictures", 1, 4)
    line.show("Reading pictures", 4, 4)
    line.show("Preparing the network", 0, 0)
    line.clear()
    text = terminal.getvalue()
    for part in ("Reading pictures", "1/4", "4/4", "█" * 20, "Preparing the network"):
        assert part in text
    assert text.endswith("\r\033[K")


def test_progress_is_not_drawn_between_rows(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    ProgressLine(beside_rows=True).show("Labelling pictures", 1, 4)
    assert terminal.getvalue() == ""
    ProgressLine(beside_rows=False).show("Labelling pictures", 1, 4)
    assert "1/4" in terminal.getvalue()


def test_progress_is_silent_without_a_terminal(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := io.StringIO())
    line = ProgressLine()
    line.show("Reading pictures", 1, 4)
    line.clear()
    assert stream.getvalue() == ""
