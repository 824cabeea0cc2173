"""Run an export in a fresh process without this program, and compare its answers."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cluster_core.errors import BundleError
from cluster_core.model.export.formats import FORMATS, ExportFormat
from cluster_core.subprocesses import run_limited

TIMEOUT_S = 600.0
_FRESH_RUN = Path(__file__).with_name("fresh_run.py")
MAX_DIFFERENCE = 1e-4
_TINY = 1e-6
# Numbers of 8 bits change every answer a little; below this agreement they are of no use.
MIN_AGREEMENT_INT8 = 0.9


@dataclass(frozen=True)
class ExportCheck:
    """How the answers of an export compare with those of its model, on the same picture files.

    Attributes
    ----------
    n : int
        Number of pictures.
    n_same : int
        Pictures with the same label.
    largest_difference, mean_difference : float
        Of the scores, 0 to 1; of the largest in each picture for the mean.
    n_labelled : int
        Pictures whose true label is known.
    n_right_before, n_right : int
        Of these, how many the model and the export label correctly.
    is_partial : bool
        Whether a browser does the rest of the work, which was not tried.
    """

    n: int
    n_same: int
    largest_difference: float
    mean_difference: float
    n_labelled: int = 0
    n_right_before: int = 0
    n_right: int = 0
    is_partial: bool = False

    def describe(self) -> str:
        """Return the comparison in one sentence."""
        subject = "its network and last layer" if self.is_partial else "it"
        sentence = (
            f"In a fresh process {subject} gave {self.n_same} of {self.n} picture files the same "
            f"label; scores differ by at most {_format(self.largest_difference)}"
        )
        if self.largest_difference > MAX_DIFFERENCE:
            sentence += f", and by {_format(self.mean_difference)} on average"
        if self.largest_difference > MAX_DIFFERENCE and self.n_labelled:
            sentence += (
                f". It labels {self.n_right} of {self.n_labelled} pictures correctly, the model "
                f"{self.n_right_before}"
            )
        if self.is_partial:
            sentence += ". How browsers read pictures, and novelty, were not tried"
        return f"{sentence}."


def verify_export(
    kind: ExportFormat,
    export: Path,
    pictures: Path,
    expected: Path,
    is_stopped: Callable[[], bool] = lambda: False,
) -> ExportCheck:
    """Run an export as its users do, on picture files, and compare its answers with the model's.

    Parameters
    ----------
    kind : ExportFormat
        The format. Of a web page, only its network and last layer are run: the rest needs a
        browser.
    export : Path
        The exported file or folder.
    pictures : Path
        Folder of .png files.
    expected : Path
        JSON file of the model's answers, in the order of the files' names; see `building`.
    is_stopped : callable, optional
        Polled; once it returns True, the process is killed.

    Returns
    -------
    ExportCheck

    Raises
    ------
    BundleError
        If the export cannot be run, or was stopped, or lacks answers.
    """
    answers = expected.with_name("answers.json")
    command = [sys.executable, "-I", str(_FRESH_RUN)]
    command += [str(kind), str(export), str(pictures), str(answers)]
    outcome = run_limited(command, TIMEOUT_S, is_stopped)
    if outcome.returncode or not answers.is_file():
        lines = outcome.stderr.strip().splitlines() or ["it ended without a message"]
        raise BundleError(
            f"The {FORMATS[kind].title} file was not handed out, because it could not be run in a "
            f"fresh process ({lines[-1][:200]}): choose another format.",
            path=export,
        )
    check = compare(json.loads(expected.read_text()), json.loads(answers.read_text()))
    return replace(check, is_partial=kind is ExportFormat.WEB)


def compare(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> ExportCheck:
    """Compare the answers for the same pictures.

    Novelty counts as one more score, and another verdict as another label, where the export
    has them.
    """
    wanted = np.array([answer["scores"] for answer in expected])
    scores = np.array([answer["scores"] for answer in found])
    differences = np.abs(scores - wanted).max(axis=1)
    labels, right_labels = scores.argmax(axis=1), wanted.argmax(axis=1)
    is_same = labels == right_labels
    for number, (one, other) in enumerate(zip(expected, found, strict=True)):
        if one["novelty"] is not None and other.get("novelty") is not None:
            distance = abs(one["novelty"] - other["novelty"])
            differences[number] = max(differences[number], distance)
        is_same[number] &= other.get("verdict", one["verdict"]) == one["verdict"]
    truth = np.array([-1 if one["label"] is None else one["label"] for one in expected])
    return ExportCheck(
        n=len(expected),
        n_same=int(is_same.sum()),
        # What is not a number is as wrong as can be.
        largest_difference=float(np.nan_to_num(differences, nan=1.0).max()),
        mean_difference=float(np.nan_to_num(differences, nan=1.0).mean()),
        n_labelled=int((truth >= 0).sum()),
        n_right_before=int((right_labels == truth).sum()),
        n_right=int((labels == truth).sum()),
    )


def require_agreement(check: ExportCheck, kind: ExportFormat, *, is_int8: bool) -> None:
    """Check that an export answers like its model.

    Raises
    ------
    BundleError
        If it does not, with the figures.
    """
    is_good = check.n_same == check.n and check.largest_difference <= MAX_DIFFERENCE
    if is_int8:
        is_good = check.n_same >= MIN_AGREEMENT_INT8 * check.n
    if not is_good:
        advice = "export it without --int8" if is_int8 else "choose another format"
        raise BundleError(
            f"The {FORMATS[kind].title} file was not handed out, because it answers otherwise "
            f"than the model ({check.n_same} of {check.n} pictures have the same label, scores "
            f"differ by up to {_format(check.largest_difference)}): {advice}.",
            path=Path(FORMATS[kind].title),
        )


def _format(difference: float) -> str:
    """Return a difference with one digit that counts, and no exponent."""
    if difference < _TINY:
        return f"{_TINY:.6f}"
    return np.format_float_positional(float(f"{difference:.1g}"), trim="-")
