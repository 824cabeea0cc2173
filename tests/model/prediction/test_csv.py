from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.csv import write_predictions_csv
from cluster_core.model.prediction.predictor import Prediction

SCORES = {"b": 0.75, "a": 0.25}


def write(labels, *answers) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_row = write_predictions_csv(stream, labels)
    for answer in answers:
        write_row(answer)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_scores_are_in_the_order_of_the_labels():
    (row,) = write(("a", "b"), FilePrediction(Path("m13.jpg"), Prediction("b", SCORES, 0.0), None))
    assert row == {
        "path": "m13.jpg",
        "label": "b",
        "score": "0.75000",
        "a": "0.25000",
        "b": "0.75000",
        "problem": "",
    }


@pytest.mark.parametrize(
    "prefix", ["=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_formula_in_a_name_is_escaped(prefix):
    formula = f"{prefix}HYPERLINK(1)"
    labels = (formula, "a")
    prediction = Prediction(formula, {formula: 0.9, "a": 0.1}, 0.0)
    good, bad = write(
        labels,
        FilePrediction(Path(f"{formula}.jpg"), prediction, None),
        FilePrediction(Path("x"), None, f"{formula} is empty"),
    )
    cells = [*good, *(value for row in (good, bad) for value in row.values())]
    assert not [cell for cell in cells if cell.startswith(prefix)]
    assert good["path"] == f"'{formula}.jpg"
    assert good["label"] == f"'{formula}"


@pytest.mark.parametrize("name", ['a, "b"\nc.jpg', "a\rb.jpg", "\r=1.jpg"])
def test_name_with_commas_quotes_or_newlines_stays_in_one_cell(name):
    (row,) = write(("a", "b"), FilePrediction(Path(name), None, "It is empty."))
    assert (row["path"], row["label"], row["problem"]) == (
        name.replace("\r", "\\r"),
        "",
        "It is empty.",
    )
