"""Web pages without a script: the gallery of published models, and one for a wrong link."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from urllib.parse import quote

from cluster_core.model.backbones.shipped import ASSETS
from cluster_core.publishing.records import PublishedModel

_FOLDER = ASSETS / "gallery"
_MAX_LABELS = 12
_TITLE = "Published models"


def make_gallery(models: Sequence[PublishedModel]) -> str:
    """Return the HTML of the gallery, whose links are relative to it.

    Parameters
    ----------
    models : sequence of PublishedModel
        In the order in which they are shown.
    """
    if not models:
        return _fill_in(
            _TITLE,
            "<p>No model is published here yet. Its owner publishes a model on the Models page of "
            '<a href="../models">Cluster Lab</a>.</p>',
        )
    cards = "\n".join(map(_draw_card, models))
    return _fill_in(
        _TITLE,
        '<p class="soft">Choose a model, then show it a picture. Your pictures stay on your '
        f'device.</p>\n<ul class="models">\n{cards}\n</ul>',
    )


def make_missing_page(gallery: str) -> str:
    """Return the HTML of the answer to a link that leads nowhere.

    Parameters
    ----------
    gallery : str
        Relative address of the gallery.
    """
    return _fill_in(
        "There is nothing at this link",
        "<p>Perhaps it was mistyped, or its owner no longer publishes this model. Check the link, "
        f'or choose among <a href="{html.escape(gallery)}">all published models</a>.</p>',
    )


def make_policy() -> str:
    """Return the Content-Security-Policy of these pages: pictures of this server, no scripts."""
    digest = base64.b64encode(hashlib.sha256(_read("style.css").encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src 'self' data:; style-src 'sha256-{digest}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _draw_card(model: PublishedModel) -> str:
    address = quote(f"{model.alias}/")
    title = html.escape(model.title)
    picture = f'<span class="letter" aria-hidden="true">{html.escape(model.title[:1])}</span>'
    if model.examples:
        source = f"{address}{quote(model.examples[0].name)}"
        picture = f'<img src="{source}" alt="" loading="lazy">'
    parts = [f"<h2>{title}</h2>"]
    if model.description:
        parts.append(f'<p class="description">{html.escape(model.description)}</p>')
    parts.append(f'<p class="soft">{html.escape(_name_labels(model.labels))}</p>')
    text = f'<div class="text">{"".join(parts)}</div>'
    return f'<li><a href="{address}">{picture}{text}</a></li>'


def _name_labels(labels: Sequence[str]) -> str:
    n_others = len(labels) - _MAX_LABELS
    others = f" and {n_others} more" if n_others > 0 else ""
    return f"Classes: {', '.join(labels[:_MAX_LABELS])}{others}"


def _fill_in(title: str, content: str) -> str:
    values = {"title": html.escape(title), "style": _read("style.css"), "content": content}
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], _read("page.html"))


def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
