from __future__ import annotations

import csv
import io

import pytest

from cluster_core import __version__
from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.prediction import Limits, Prediction
from cluster_core.model.prediction.source import AnswerSource
from cluster_core.model.prediction.tables.columns import AnswerTable
from cluster_core.model.prediction.tables.csv import write_csv

SCORES = {"b": 0.75, "a": 0.25}


def write(labels, *answers) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_row = write_csv(stream, AnswerTable(AnswerSource(labels, "m-1", "My model")))
    for answer in answers:
        write_row(answer)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_scores_are_in_the_order_of_the_labels():
    (row,) = write(("a", "b"), FilePrediction("m13.jpg", Prediction("b", SCORES, 0.0), None))
    assert list(row.items())[:8] == [
        ("path", "m13.jpg"),
        ("label", "b"),
        ("score", "0.75000"),
        ("verdict", "label"),
        ("novelty", ""),
        ("a", "0.25000"),
        ("b", "0.75000"),
        ("problem", ""),
    ]


@pytest.mark.parametrize(("score", "verdict"), [(0.6, "label"), (0.594, "unsure")])
def test_verdict_is_unsure_below_the_threshold_that_every_row_names(score, verdict):
    prediction = Prediction("b", {"b": score, "a": 1 - score}, 0.0)
    (row,) = write(("a", "b"), FilePrediction("x.jpg", prediction, None))
    assert (row["label"], row["verdict"], row["unsure_below"]) == ("b", verdict, "0.6")


def test_novel_picture_is_none_of_these_and_keeps_its_label_and_scores():
    prediction = Prediction("b", SCORES, 0.0, novelty=0.93, limits=Limits(novel_above=0.9))
    (row,) = write(("a", "b"), FilePrediction("x.jpg", prediction, None))
    assert (row["verdict"], row["novelty"]) == ("none of these", "0.93000")
    assert (row["label"], row["score"], row["a"]) == ("b", "0.75000", "0.25000")


def test_every_row_names_the_model_and_the_program_even_without_an_answer():
    (row,) = write(("a", "b"), FilePrediction("x.jpg", None, "It is empty."))
    assert (row["model"], row["model_id"]) == ("My model", "m-1")
    assert row["program"] == f"cluster-lab {__version__}"
    assert (row["verdict"], row["problem"]) == ("", "It is empty.")


def test_answer_for_a_damaged_picture_keeps_its_score_and_names_the_problem():
    prediction = Prediction("b", SCORES, 0.0, "x.jpg is cut off.")
    (row,) = write(("a", "b"), FilePrediction("x.jpg", prediction, None))
    assert (row["label"], row["problem"]) == ("b", "x.jpg is cut off.")


@pytest.mark.parametrize("dec", ["-36.5", "-02 27 30.00", "+22:00:52", "-1.5e-3", "-.5"])
def test_cards_of_a_fits_file_have_columns_and_a_southern_declination_stays_a_number(dec):
    cards = {"OBJECT": "=M 13", "RA": "250.4", "DEC": dec}
    answer = FilePrediction("x.fits", Prediction("b", SCORES, 0.0), None, cards)
    (row,) = write(("a", "b"), answer)
    assert (row["OBJECT"], row["RA"], row["DEC"]) == ("'=M 13", "250.4", dec)
    assert (row["DATE-OBS"], row["FILTER"]) == ("", "")


@pytest.mark.parametrize("dec", ["-1+2", "-1 A1", "+1:2:3:4", "-", "-02 27 30.00|x"])
def test_formula_that_begins_like_a_number_is_escaped(dec):
    answer = FilePrediction("x.fits", None, "It is empty.", {"DEC": dec})
    (row,) = write(("a", "b"), answer)
    assert row["DEC"] == f"'{dec}"


def test_class_with_the_name_of_a_column_keeps_its_score():
    prediction = Prediction("model", {"model": 0.75, "RA": 0.25}, 0.0)
    (row,) = write(("RA", "model"), FilePrediction("x.jpg", prediction, None))
    assert (row["model"], row["RA"]) == ("0.75000", "0.25000")
    assert row["model_"] == "My model"


@pytest.mark.parametrize(
    "prefix", ["=", "+", "-", "@", "\t", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_formula_in_a_name_is_escaped(prefix):
    formula = f"{prefix}HYPERLINK(1)"
    labels = (formula, "a")
    prediction = Prediction(formula, {formula: 0.9, "a": 0.1}, 0.0)
    good, bad = write(
        labels,
        FilePrediction(f"{formula}.jpg", prediction, None),
        FilePrediction("x", None, f"{formula} is empty"),
    )
    cells = [*good, *(value for row in (good, bad) for value in row.values())]
    assert not [cell for cell in cells if cell.startswith(prefix)]
    assert good["path"] == f"'{formula}.jpg"
    assert good["label"] == f"'{formula}"


@pytest.mark.parametrize("name", ['a, "b"\nc.jpg', "a\rb.jpg", "\r=1.jpg"])
def test_name_with_commas_quotes_or_newlines_stays_in_one_cell(name):
    (row,) = write(("a", "b"), FilePrediction(name, None, "It is empty."))
    assert (row["path"], row["label"], row["problem"]) == (
        name.replace("\r", "\\r"),
        "",
        "It is empty.",
    )
