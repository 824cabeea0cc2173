from __future__ import annotations

import csv
import json
import math
import sys

import pytest
from astropy.table import Table
from pyarrow import parquet

from cluster_core.errors import ConfigError
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables import parquet as parquet_table
from cluster_core.model.prediction.tables.columns import AnswerTable, Column
from cluster_core.model.prediction.tables.formats import TableFormat, find_format, writing_table

TABLE = AnswerTable(
    AnswerSource(("b & c", "a"), "m-1", "My model"), [Column("ra_deg", float, unit="deg")]
)
ANSWERS = (
    FilePrediction(
        "#1, <M 13>.fits",
        Prediction("a", {"a": 0.75, "b & c": 0.25}, 0.0, novelty=0.125),
        None,
        {"RA": "16 41 41"},
        more={"ra_deg": 250.421},
    ),
    FilePrediction('"é"\x07\ud8ff.png', Prediction("a", {"a": 0.5, "b & c": 0.5}, 0.0), None),
    FilePrediction("empty.png", None, "empty.png is empty."),
)
NAMES = [
    "#1, <M 13>.fits",
    '"é"\x07\\ud8ff.png',
    "empty.png",
]


def write(path, table_format=None, answers=ANSWERS):
    with writing_table(path, table_format or find_format(path), TABLE) as write_row:
        for answer in answers:
            write_row(answer)
    return path


def read_csv(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read(path) -> tuple[list[dict], dict[str, str]]:
    """Return the rows of a table, with None for what is missing, and the units of its columns."""
    if path.suffix == ".parquet":
        found = parquet.read_table(path)
        fields = [field for field in found.schema if field.metadata]
        units = {field.name: field.metadata[b"unit"].decode() for field in fields}
        return found.to_pylist(), units
    if path.suffix == ".ecsv":
        found = Table.read(path, format="ascii.ecsv")
    else:
        found = Table.read(path, format="votable", use_names_over_ids=True)
    units = {name: str(found[name].unit) for name in found.colnames if found[name].unit}
    rows = [
        {name: row[name].tolist() if hasattr(row[name], "tolist") else row[name] for name in TABLED}
        for row in found
    ]
    return rows, units


TABLED = [column.name for column in TABLE.columns]


def is_missing(value) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


@pytest.mark.parametrize("ending", [".parquet", ".vot", ".xml", ".ecsv"])
def test_formats_have_the_rows_of_the_csv_with_numbers_and_units(tmp_path, ending):
    expected = read_csv(write(tmp_path / "a.csv"))
    rows, units = read(write(tmp_path / f"a{ending}"))
    assert units == {"ra_deg": "deg"}
    for row, like, name in zip(rows, expected, NAMES, strict=True):
        assert list(row) == list(like)
        for column in TABLE.columns:
            value, text = row[column.name], like[column.name]
            if column.name == "path":
                shown = name.replace("\x07", "\\x07") if "ecsv" not in ending else name
                assert value in (name, shown)
            elif is_missing(value):
                assert text == ""
            elif column.kind is float:
                assert value == pytest.approx(float(text), abs=1e-5)
                assert isinstance(value, float)
            else:
                assert value == text


def test_json_lines_by_ending(tmp_path):
    path = write(tmp_path / "a.jsonl")
    first, _, last = map(json.loads, path.read_text("utf-8").splitlines())
    assert (first["path"], first["scores"]["a"], first["ra_deg"]) == (NAMES[0], 0.75, 250.421)
    assert last["problem"] == "empty.png is empty."


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_table_without_pictures_has_its_columns(tmp_path, table_format):
    path = write(tmp_path / "a", table_format, ())
    assert path.stat().st_size == 0 if table_format == "jsonl" else b"ra_deg" in path.read_bytes()


def test_format_overrides_the_ending(tmp_path):
    assert read_csv(write(tmp_path / "a.vot", TableFormat.CSV))[0]["label"] == "a"


def test_parquet_is_written_in_row_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet_table, "ROWS_PER_GROUP", 2)
    assert parquet.ParquetFile(write(tmp_path / "a.parquet")).metadata.num_row_groups == 2


def test_parquet_on_standard_output_is_refused():
    with pytest.raises(ConfigError, match="add --output"):
        write(None, TableFormat.PARQUET)


def test_parquet_without_its_package_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigError, match="pip install pyarrow"):
        write(tmp_path / "a.parquet")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("table_format", list(TableFormat))
def test_interrupted_table_keeps_the_old_one(tmp_path, table_format):
    path = tmp_path / "a"
    path.write_text("old")

    def stop():
        yield ANSWERS[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(path, table_format, stop())
    assert path.read_text() == "old"
    unfinished = {one.name.partition("-")[0] for one in tmp_path.iterdir()} - {path.name}
    is_lines = table_format in {TableFormat.CSV, TableFormat.JSON_LINES}
    assert unfinished == ({f".{path.name}.unfinished"} if is_lines else set())
