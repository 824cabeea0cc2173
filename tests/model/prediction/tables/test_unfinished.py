"""Tables that a second run resumes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from cluster_core.errors import ConfigError, RunError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable
from cluster_core.model.prediction.tables.formats import TableFormat, writing_table
from cluster_core.model.prediction.tables.sky import SKY_COLUMNS
from cluster_core.sources.source import PictureSource

# As spreadsheets, CSV and UTF-8 make them difficult.
NAMES = ["=1.png", "a,b.png", 'two\nlines".png', "\ud8ff.png", "twice.png", "twice.png", "z.png"]
N_BEFORE = 5
FORMATS = pytest.mark.parametrize("table_format", [TableFormat.CSV, TableFormat.JSON_LINES])


def make_table(fingerprint="one"):
    return AnswerTable(AnswerSource(("a", "b"), "m-1", "My model", fingerprint=fingerprint))


def write(path, table_format, resume=False, stop_after=None, table=None, n_sources=None):
    """Write rows, and return the names of those that were not there."""
    sources = [PictureSource(name, bytes) for name in NAMES[:n_sources]]
    written = []
    with writing_table(path, table_format, table or make_table(), resume) as writer:
        for source in writer.done.leave_out(sources):
            if len(written) == stop_after:
                raise KeyboardInterrupt
            writer(FilePrediction(source.name, Prediction("a", {"a": 1.0, "b": 0.0}, 0.0), None))
            written.append(source.name)
    return written


def interrupt(path, table_format):
    with pytest.raises(KeyboardInterrupt):
        write(path, table_format, stop_after=N_BEFORE)
    return next(path.parent.glob(f".{path.name}.unfinished-*"))


@FORMATS
def test_each_row_is_on_the_disk_before_the_next(tmp_path, table_format):
    with writing_table(tmp_path / "out", table_format, make_table()) as write_row:
        write_row(FilePrediction("a.png", None, "a.png is empty."))
        (path,) = tmp_path.glob(".out.unfinished-????????")
        assert path.read_text().endswith("\n")
        assert "a.png" in path.read_text()


@FORMATS
@pytest.mark.parametrize("n_cut", [0, 1, 30])
def test_second_start_adds_what_is_missing(tmp_path, table_format, n_cut):
    whole, path = tmp_path / "whole", tmp_path / "out"
    write(whole, table_format)
    unfinished = interrupt(path, table_format)
    content = unfinished.read_bytes()
    unfinished.write_bytes(content[: len(content) - n_cut])
    n_lost = 1 if n_cut else 0
    assert write(path, table_format, resume=True) == NAMES[N_BEFORE - n_lost :]
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [path, whole]


@FORMATS
def test_rows_after_what_a_crash_of_the_computer_left_are_written_again(tmp_path, table_format):
    whole, path = tmp_path / "whole", tmp_path / "out"
    write(whole, table_format)
    unfinished = interrupt(path, table_format)
    with unfinished.open("ab") as file:
        file.write(bytes(100) + b"\n")
    write(path, table_format, resume=True)
    assert path.read_bytes() == whole.read_bytes()


@FORMATS
def test_start_without_resume_begins_anew(tmp_path, table_format):
    path = tmp_path / "out"
    interrupt(path, table_format)
    assert write(path, table_format) == NAMES


def test_resume_without_an_interrupted_run_begins(tmp_path):
    assert write(tmp_path / "out.csv", TableFormat.CSV, resume=True) == NAMES


@FORMATS
def test_resume_of_a_finished_table_labels_only_what_is_new(tmp_path, table_format):
    whole, path = tmp_path / "whole", tmp_path / "out"
    write(whole, table_format)
    write(path, table_format, n_sources=N_BEFORE)
    assert write(path, table_format, resume=True) == NAMES[N_BEFORE:]
    assert write(path, table_format, resume=True) == []
    assert path.read_bytes() == whole.read_bytes()
    assert sorted(tmp_path.iterdir()) == [path, whole]


@FORMATS
@pytest.mark.parametrize(
    "source",
    [
        {"title": "Other"},
        {"unsure_below": 0.9},
        {"labels": ("a", "c")},
        {"created": "2999-01-01T00:00:00+00:00"},
        None,
    ],
    ids=["title", "threshold", "classes", "trained later", "identify"],
)
def test_finished_table_of_other_settings_is_refused(tmp_path, table_format, source):
    path, table = tmp_path / "out", make_table()
    write(path, table_format)
    before = path.read_bytes()
    other = AnswerTable(replace(table.source, **(source or {})), () if source else SKY_COLUMNS)
    with pytest.raises(RunError, match="was finished with another model or other settings"):
        write(path, table_format, resume=True, table=other)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@FORMATS
def test_finished_table_that_was_cut_off_is_refused(tmp_path, table_format):
    path = tmp_path / "out"
    write(path, table_format)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RunError, match="or changed since"):
        write(path, table_format, resume=True)


def test_other_model_is_refused(tmp_path):
    path = tmp_path / "out.csv"
    unfinished = interrupt(path, TableFormat.CSV)
    before = unfinished.read_bytes()
    with pytest.raises(RunError, match="was begun with another model or other settings"):
        write(path, TableFormat.CSV, resume=True, table=make_table("two"))
    assert unfinished.read_bytes() == before


def test_second_run_at_the_same_time_is_refused(tmp_path):
    path = tmp_path / "out.csv"
    unfinished = interrupt(path, TableFormat.CSV)
    before = unfinished.read_bytes()
    with FileLock(f"{unfinished}.lock"):
        for _ in range(2):  # a refusal leaves the lock
            with pytest.raises(RunError, match="Another run is writing"):
                write(path, TableFormat.CSV)
    assert unfinished.read_bytes() == before


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder that takes no files")
def test_place_that_takes_no_file_is_no_other_run():
    with pytest.raises(RunError, match=r"/proc/out\.csv could not be written"):
        write(Path("/proc/out.csv"), TableFormat.CSV)


@pytest.mark.parametrize("name", ["a.parquet", None])
def test_table_that_cannot_be_resumed_is_refused(tmp_path, name):
    path = tmp_path / name if name else None
    table_format = TableFormat.PARQUET if name else TableFormat.CSV
    with pytest.raises(ConfigError, match="Only a CSV or JSON lines file"):
        write(path, table_format, resume=True)
