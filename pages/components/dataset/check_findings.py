"""The findings of a check, side by side with their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cluster_core.data.index import Picture
from cluster_core.data.thumbnails import ThumbnailCache
from cluster_core.errors import ImageError
from cluster_core.health import Finding, FindingKind
from cluster_core.storage.cache_file import CacheFile
from cluster_core.workspace import Workspace
from pages.components.dataset.check_remedies import (
    Checked,
    show_picture_remedies,
    show_remedies,
)
from pages.components.text import escape_markdown

_PER_PAGE = 6
_COLUMNS = 3
# Of a series of thousands, the first few say enough.
_MAX_PICTURES = 8
_CELL_PX = 190
_SIDE_PX = 256
_TITLES = {
    FindingKind.COPIES_ACROSS: (
        "Copies in different classes",
        "One picture, two labels: remove one of them, or move both to one class.",
    ),
    FindingKind.INSEPARABLE: (
        "Classes that cannot be told apart",
        "A model trained on some of these pictures recognises the others no better than by "
        "guessing.",
    ),
    FindingKind.WRONG_LABEL: (
        "Labels that may be wrong",
        "Each picture was judged by what can be learned from the others, copies left out. The "
        "clearest contradictions come first; some pictures are only unusual. The Evaluation page "
        "judges by the model's own network, so its counts can differ.",
    ),
    FindingKind.SHORTCUT: (
        "Shortcuts",
        "What gives the class away although it is not what you want to teach.",
    ),
    FindingKind.COPIES: (
        "Copies",
        "They do no harm to the test, because they always stay together, but add nothing either.",
    ),
    FindingKind.SERIES: (
        "Series of one scene",
        "Pictures that resemble more than ten others are not treated as copies.",
    ),
    FindingKind.UNUSABLE: (
        "Files that cannot be used",
        "A training leaves them out. Remove them, or replace them by pictures.",
    ),
    FindingKind.NOTHING: ("Pictures of nothing", "Nearly one brightness everywhere."),
    FindingKind.OUTLIER: (
        "Unlike all others",
        "Perhaps something else got into the dataset, such as a diagram or a logo.",
    ),
    FindingKind.BLURRED: ("Blurred", "Fine detail is missing."),
    FindingKind.TINY: ("Tiny", "Too few pixels to show detail."),
    FindingKind.IMBALANCE: ("Few or uneven pictures", "More pictures help the smaller classes."),
}
_SINGLE = (
    FindingKind.WRONG_LABEL,
    FindingKind.NOTHING,
    FindingKind.OUTLIER,
    FindingKind.BLURRED,
    FindingKind.TINY,
)


def show_findings(dataset: Checked, kind: FindingKind, findings: Sequence[Finding]) -> None:
    """Draw the findings of one kind, with their pictures and remedies.

    Parameters
    ----------
    dataset : Checked
    kind : FindingKind
    findings : sequence of Finding
        Of this kind, at least one.
    """
    title, explanation = _TITLES[kind]
    with st.expander(f"**{title}** ({len(findings):,})", expanded=True, key=f"check_{kind}"):
        st.caption(explanation)
        n_pages = -(-len(findings) // _PER_PAGE)
        page = int(st.pagination(n_pages, key=f"check_page_{kind}") or 1) if n_pages > 1 else 1
        first = (min(page, n_pages) - 1) * _PER_PAGE
        shown = findings[first : first + _PER_PAGE]
        if kind not in _SINGLE:
            for finding in shown:
                with st.container(border=True, key=f"finding_{finding.key[:12]}"):
                    _show_group(dataset, finding)
            return
        for start in range(0, len(shown), _COLUMNS):
            row = shown[start : start + _COLUMNS]
            for column, finding in zip(st.columns(_COLUMNS), row, strict=False):
                with column, st.container(border=True, key=f"finding_{finding.key[:12]}"):
                    _show_picture(dataset.workspace, finding.pictures[0])
                    st.markdown(escape_markdown(finding.sentence))
                    show_remedies(dataset, finding)


def _show_group(dataset: Checked, finding: Finding) -> None:
    """Draw a finding of several pictures, or of none."""
    st.markdown(escape_markdown(finding.sentence))
    can_remove = finding.kind in (FindingKind.COPIES, FindingKind.COPIES_ACROSS)
    if finding.pictures:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            for picture in finding.pictures[:_MAX_PICTURES]:
                with st.container(width=_CELL_PX, gap="xsmall"):
                    _show_picture(dataset.workspace, picture)
                    if can_remove:
                        show_picture_remedies(dataset.workspace, finding, picture)
        n_hidden = len(finding.pictures) - _MAX_PICTURES
        if n_hidden > 0:
            st.caption(f"and {n_hidden:,} more")
    show_remedies(dataset, finding)


def _show_picture(workspace: Workspace, picture: Picture) -> None:
    name = escape_markdown(picture.path.name)
    try:
        with CacheFile(workspace.bottlenecks) as file:
            thumbnail = ThumbnailCache(file).get(picture.path, _SIDE_PX)
        st.image(thumbnail, width="stretch")
    except ImageError as error:
        st.caption(f":material/broken_image: {escape_markdown(str(error))}")
    st.caption(
        f"{name} · {escape_markdown(picture.label)} · "
        f"{picture.width_px}\u00a0×\u00a0{picture.height_px}"
    )
