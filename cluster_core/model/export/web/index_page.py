"""The HTML file of a page, with the owner's texts filled in."""

from __future__ import annotations

import html
import re

from cluster_core.model.export.web.page_text import PageText

_PREVIEW_LENGTH = 300
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


def fill_in(template: str, text: PageText) -> str:
    """Return the HTML of the page.

    Parameters
    ----------
    template : str
        Content of `assets/web/index.html`.
    text : PageText
        Texts of the owner, which are escaped.
    """
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text.description)]
    link = (
        f'<a href="{html.escape(text.link)}" rel="noopener">{html.escape(text.link)}</a>'
        if text.link
        else ""
    )
    values = {
        "title": html.escape(text.title),
        "preview": html.escape(" ".join(paragraphs).strip()[:_PREVIEW_LENGTH]),
        "description": "\n".join(f"<p>{html.escape(part)}</p>" for part in paragraphs if part),
        "link": link,
    }
    # In one pass, so that a placeholder in a text of the owner stays a text.
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)
