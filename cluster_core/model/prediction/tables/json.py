"""Write a prediction as JSON, for the commands."""

from __future__ import annotations

import json
from typing import Any

from cluster_core.model.prediction.batch import FilePrediction
from cluster_core.model.prediction.source import AnswerSource


def format_json(answer: FilePrediction, source: AnswerSource) -> str:
    """Return a prediction as one line of JSON.

    Parameters
    ----------
    answer : FilePrediction
        The prediction for a file.
    source : AnswerSource
        The model that answered.

    Returns
    -------
    str
        An object with `path`, `label`, `score`, `verdict`, `novelty` (null if it was not
        measured), `scores` by class, `problem` if there is one, the values of
        `AnswerSource.describe`, the cards of a FITS file, and `answer.more`. A file without a
        prediction has no values from `label` to `scores`.
    """
    record: dict[str, Any] = {"path": answer.name}
    prediction = answer.prediction
    if prediction is None:
        record["problem"] = answer.problem
    else:
        record |= {"label": prediction.label, "score": prediction.score}
        record |= {"verdict": prediction.verdict, "novelty": prediction.novelty}
        record["scores"] = {label: prediction.scores[label] for label in source.labels}
        if prediction.warning:
            record["problem"] = prediction.warning
    added = {**source.describe(), **answer.cards, **answer.more}
    return json.dumps(record | added, ensure_ascii=False)
