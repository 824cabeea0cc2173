"""Tables that a second run resumes."""

from __future__ import annotations

import pytest
from filelock import FileLock

from cluster_core.errors import ConfigError, RunError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable
from cluster_core.model.prediction.tables.formats import TableFormat, writing_table
from cluster_core.sources.source import PictureSource

# As spreadsheets, CSV and UTF-8 make them difficult.
NAMES = ["=1.png", "a,b.png", 'two\nlines".png', "\ud8ff.png", "twice.png", "twice.png", "z.png"]
N_BEFORE = 5
FORMATS = pytest.mark.parametrize("table_format", [TableFormat.CSV, TableFormat.JSON_LINES])


def make_table(fingerprint="one"):
    return AnswerTable(AnswerSource(("a", "b"), "m-1", "My model", fingerprint=fingerprint))


def write(path, table_format, resume=False, stop_after=None, table=None):
    """Write rows, and return the names of those that were not there."""
    sources = [PictureSource(name, bytes) for name in NAMES]
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


@pytest.mark.parametrize("name", ["a.parquet", None])
def test_table_that_cannot_be_resumed_is_refused(tmp_path, name):
    path = tmp_path / name if name else None
    table_format = TableFormat.PARQUET if name else TableFormat.CSV
    with pytest.raises(ConfigError, match="Only a CSV or JSON lines file"):
        write(path, table_format, resume=True)
