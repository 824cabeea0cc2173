"""Write a report as one HTML page: no script, nothing to load, pictures and plots inside."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ImageError
from cluster_core.evaluation.cross_validation import CrossValidation
from cluster_core.evaluation.figures import compute_class_figures, compute_confusion
from cluster_core.evaluation.report import plots
from cluster_core.evaluation.report.content import CITATION, Report, list_versions
from cluster_core.evaluation.report.style import STYLE
from cluster_core.evaluation.report.summary import summarise_pictures
from cluster_core.evaluation.scored_pictures import ScoredPictures
from cluster_core.evaluation.words import (
    CROSS_VALIDATION_OR_TEST,
    NO_TEST_PICTURES,
    describe_forecast,
    describe_rejections,
    describe_test,
    describe_weakest_class,
    explain_cross_validation,
)
from cluster_core.model.bundle.accuracy import describe_accuracy, format_share
from cluster_core.storage.cache_file import CacheFile
from cluster_core.storage.saved_values import parse_time
from cluster_core.workspace import Workspace

MAX_MISTAKES = 24
SIDE_PX = 192


def make_html(report: Report, workspace: Workspace) -> str:
    """Return the report as an HTML document.

    Parameters
    ----------
    report : Report
    workspace : Workspace
        Has the cache of thumbnails.
    """
    scored = report.pictures
    parts = [
        f"<h1>{escape(report.title)}</h1><p>Evaluated with Cluster Lab, "
        f"{_format_time(report.created)}.</p>",
        *(f'<p class="note">{escape(note)}</p>' for note in report.notes),
        _write_headline(report),
    ]
    if report.cross_validation is not None:
        validated = report.cross_validation
        parts.append(_write_learning_curve(validated))
        title = f"Cross-validation of {len(validated.pictures):,} pictures"
        parts.append(_write_pictures(title, validated.pictures, report, workspace))
    if scored is not None and len(scored):
        title = f"Test: {len(scored):,} {report.described}"
        parts.append(_write_pictures(title, scored, report, workspace))
    parts += [_write_model(report), _write_provenance(report)]
    return _make_encodable(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(report.title)}</title><style>{STYLE}</style></head><body>"
        + "".join(parts)
        + "</body></html>"
    )


def make_json(report: Report) -> str:
    """Return the report as JSON; there is no NaN in it."""
    text = json.dumps(report.to_record(), indent=2, ensure_ascii=False, allow_nan=False)
    return _make_encodable(text)  # what it writes is an escape of JSON, too


def _make_encodable(text: str) -> str:
    """Escape what UTF-8 cannot encode, such as bytes in the name of a file that are no text."""
    return text.encode("utf-8", "backslashreplace").decode()


def _write_headline(report: Report) -> str:
    lines = []
    if report.cross_validation is not None:
        validated = report.cross_validation
        lines.append(
            f'<p class="headline">{escape(describe_accuracy(validated.summary))}</p>'
            f"<p>{escape(explain_cross_validation(validated))}</p>"
            f"<p>{escape(describe_weakest_class(validated.pictures.metrics))}</p>"
        )
    if report.pictures is not None and len(report.pictures):
        described = report.described[0].upper() + report.described[1:]
        lines.append(
            f'<p class="headline">{escape(described)}: '
            f"{escape(describe_test(report.pictures.metrics))}</p>"
        )
        if report.cross_validation is not None:
            lines.append(f"<p>{escape(CROSS_VALIDATION_OR_TEST)}</p>")
    else:
        lines.append(f"<p>{NO_TEST_PICTURES}</p>")
    if report.rejections is not None:
        lines.append(f"<p>{escape(describe_rejections(report.rejections))}</p>")
    return "<h2>Accuracy</h2>" + "".join(lines)


def _write_learning_curve(validated: CrossValidation) -> str:
    words = describe_forecast(validated)
    plot = plots.draw_learning_curve(validated.curve, validated.n_in_dataset)
    return (
        f"<h2>More pictures</h2><p>{escape(words)}</p>"
        f"<figure>{plot}<figcaption>{plots.CURVE_CAPTION}</figcaption></figure>"
    )


def _write_pictures(
    title: str, scored: ScoredPictures, report: Report, workspace: Workspace
) -> str:
    return (
        f"<h2>{escape(title)}</h2>"
        + _write_classes(scored)
        + _write_plots(report.bundle.unsure_below, scored)
        + _write_mistakes(scored, report.image_dir, workspace)
    )


def _write_classes(scored: ScoredPictures) -> str:
    confusion = compute_confusion(scored)
    rows = [
        (
            one.label,
            f"{one.support:,}",
            *(format_share(value) for value in (one.precision, one.recall, one.f1)),
        )
        for one in compute_class_figures(confusion, scored.labels)
    ]
    counts = [
        (label, *(f"{count:,}" for count in row))
        for label, row in zip(scored.labels, confusion.tolist(), strict=True)
    ]
    return (
        _write_table(("class", "pictures", "precision", "recall", "F1"), rows)
        + "<p>Precision: share of the answers that are right. Recall: share of the class that is "
        "found. F1: their harmonic mean.</p>"
        + "<h3>Confusion matrix</h3><p>Rows: class. Columns: the model's answer.</p>"
        + _write_table(("", *scored.labels), counts)
    )


def _write_plots(unsure_below: float, scored: ScoredPictures) -> str:
    figures = summarise_pictures(scored, unsure_below)
    drawn = [
        (plots.draw_roc(scored), plots.ROC_CAPTION),
        (plots.draw_precision_recall(scored), plots.PRECISION_RECALL_CAPTION),
        (plots.draw_reliability(scored), f"Reliability. {plots.describe_calibration(figures)}"),
    ]
    written = "".join(
        f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
        for svg, caption in drawn
        if svg
    )
    balanced = format_share(figures["balanced_accuracy"])
    matthews = figures["matthews"]
    unsure = figures["unsure"]
    return (
        f'<div class="plots">{written}</div>'
        f"<p>Balanced accuracy, in which every class counts equally: {balanced}. Matthews "
        f"correlation, where 0 is guessing and 1 is perfect: "
        f"{'-' if matthews is None else f'{matthews:.2f}'}. With answers below "
        f"{format_share(unsure['below'])} called unsure, {format_share(unsure['coverage'])} of the "
        f"pictures get an answer, of which {format_share(unsure['accuracy'])} are right.</p>"
    )


def _write_mistakes(scored: ScoredPictures, image_dir: Path, workspace: Workspace) -> str:
    mistakes = scored.metrics.misclassified
    if not mistakes:
        return "<h3>Mistakes</h3><p>None.</p>"
    shown = mistakes[:MAX_MISTAKES]
    with CacheFile(workspace.bottlenecks) as file:
        pictures = ThumbnailCache(file).get_many([image_dir / one.path for one in shown], SIDE_PX)
    written = "".join(
        f"<figure>{_write_picture(picture)}<figcaption>{escape(one.path.as_posix())}<br>answer: "
        f"{escape(one.predicted)} ({format_share(one.score)})</figcaption></figure>"
        for one, picture in zip(shown, pictures, strict=True)
    )
    more = len(mistakes) - len(shown)
    rest = f"<p>And {more:,} more, in the JSON report.</p>" if more else ""
    return f'<h3>Mistakes</h3><div class="pictures">{written}</div>{rest}'


def _write_picture(picture: bytes | ImageError) -> str:
    if isinstance(picture, ImageError):
        return "<p>(no longer there)</p>"
    content = base64.b64encode(picture).decode()
    return f'<img alt="" src="data:image/jpeg;base64,{content}">'


def _write_model(report: Report) -> str:
    bundle = report.bundle
    labels = ", ".join(bundle.labels)
    return (
        "<h2>Model card</h2>"
        f"<p><b>What for.</b> Sorting pictures like those it learned from into {escape(labels)}, "
        "with a person who looks at unsure and surprising answers.</p>"
        "<p><b>What not for.</b> Pictures of another kind, from another instrument or with another "
        "processing than those of the dataset, unless it was tested on such pictures; decisions "
        "that nobody checks; counting classes whose true shares differ much from the dataset's.</p>"
        f"<p>Model {escape(bundle.name)}, trained {_format_time(bundle.created)} "
        f"on features of the network {escape(bundle.backbone.name)} "
        f"(weights <code>{escape(bundle.backbone.weights_sha256[:16])}</code>).</p>"
    )


def _write_provenance(report: Report) -> str:
    facts = {**report.data, **{f"version of {k}": v for k, v in list_versions().items()}}
    rows = [(name, str(value)) for name, value in facts.items()]
    settings = [(name, str(value)) for name, value in report.bundle.settings.items()]
    command = f"<pre>{escape(report.command)}</pre>" if report.command else ""
    return (
        "<h2>Data and versions</h2>"
        + _write_table(("", ""), rows)
        + (
            f"<h2>Settings of the training</h2>{_write_table(('', ''), settings)}"
            if settings
            else ""
        )
        + f"<h2>Repeat it</h2>{command}<p>To cite: {escape(CITATION)}</p>"
    )


def _format_time(moment: str) -> str:
    """Return a time in words; a model from elsewhere may contain any text."""
    try:
        time = parse_time(moment)
    except (ValueError, OverflowError):
        return "at an unknown time"
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def _write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head) if any(head) else ""
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><tr>{titles}</tr>{body}</table></div>'
