"""The result of the last action, shown on the page with an Undo button where possible."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import streamlit as st

from cluster_core.data.archives.dataset_archive import ImportReport
from cluster_core.data.twins import Twin
from cluster_core.errors import ClusterError
from cluster_core.storage.trash import TrashEntry, restore
from cluster_core.workspace import Workspace
from pages.components.navigation import TITLES, PageFile
from pages.components.signed_in import get_access
from pages.components.text import escape_markdown

MAX_REASONS = 100
_OUTCOME = "outcome"


@dataclass(frozen=True)
class Outcome:
    """The result of an action.

    Attributes
    ----------
    sentence : str
    is_good : bool
        Whether the action succeeded, at least in part.
    reasons : sequence of str
        One sentence per file that was left out, with the reason.
    twins : sequence of str
        One sentence per picture that is in two classes now.
    remarks : sequence of str
        One sentence per thing that was left out or got another name.
    undo : callable, optional
        Undoes the action, and returns the outcome of that.
    links : mapping of str to PageFile
        Where to go next: pages by what their buttons say.
    """

    sentence: str
    is_good: bool = True
    reasons: Sequence[str] = ()
    twins: Sequence[str] = ()
    remarks: Sequence[str] = ()
    undo: Callable[[], Outcome] | None = None
    links: Mapping[str, PageFile] = field(default_factory=dict)


def set_outcome(outcome: Outcome) -> None:
    """Show this outcome from the next rerun until another action replaces it."""
    st.session_state[_OUTCOME] = outcome


def attempt(act: Callable[[], Outcome | None]) -> None:
    """Perform an action and store its outcome; a ClusterError becomes a failed outcome."""
    try:
        outcome = act()
    except ClusterError as error:
        outcome = Outcome(str(error), is_good=False)
    if outcome is not None:
        set_outcome(outcome)


def show_outcome() -> None:
    """Draw the stored outcome, with its reasons and an Undo button."""
    outcome: Outcome | None = st.session_state.get(_OUTCOME)
    if outcome is None:
        return
    show, icon = (st.success, "check") if outcome.is_good else (st.error, "error")
    with st.container(horizontal=True, vertical_alignment="center", key="outcome"):
        show(escape_markdown(outcome.sentence), icon=f":material/{icon}:", width="stretch")
        if outcome.undo is not None:
            st.button("Undo", key="undo", icon=":material/undo:", on_click=_undo)
        st.button("Close", key="close_outcome", type="tertiary", on_click=clear_outcome)
    if outcome.links:
        with st.container(horizontal=True, key="outcome_links"):
            for text, page in outcome.links.items():
                if st.button(text, key=f"go_to_{page.name.lower()}", icon=TITLES[page][1]):
                    st.switch_page(page)
    if outcome.reasons:
        n = len(outcome.reasons)
        title = "Why 1 file was left out" if n == 1 else f"Why {n} files were left out"
        with st.expander(title, icon=":material/broken_image:", key="reasons"):
            show_reasons(outcome.reasons)
    if outcome.twins:
        title = "Which pictures are in two classes"
        with st.expander(title, icon=":material/call_split:", key="twins"):
            show_reasons(outcome.twins)
    if outcome.remarks:
        title = "What was left out or got a new name"
        with st.expander(title, icon=":material/info:", key="remarks"):
            show_reasons(outcome.remarks)


def show_reasons(reasons: Sequence[str]) -> None:
    """Draw sentences as a list of at most `MAX_REASONS`."""
    lines = [f"- {escape_markdown(reason)}" for reason in reasons[:MAX_REASONS]]
    if len(reasons) > MAX_REASONS:
        lines.append(f"- and {len(reasons) - MAX_REASONS:,} more")
    st.markdown("\n".join(lines))


def make_deletion_outcome(
    workspace: Workspace,
    entry: TrashEntry,
    on_restored: Callable[[Sequence[Path]], None] = lambda paths: None,
) -> Outcome:
    """Return the outcome of a deletion, which can be undone.

    Parameters
    ----------
    workspace : Workspace
    entry : TrashEntry
        What was deleted.
    on_restored : callable, optional
        Called after an undo with the paths of the restored files and folders.
    """

    def undo() -> Outcome:
        on_restored(restore(get_access(), workspace, entry.id))
        return make_restoration_outcome(entry)

    return Outcome(f"Deleted {_describe_in_sentence(entry)}.", undo=undo)


def make_restoration_outcome(entry: TrashEntry) -> Outcome:
    """Return the outcome of restoring something from the trash."""
    return Outcome(f"Restored {_describe_in_sentence(entry)}.")


def _describe_in_sentence(entry: TrashEntry) -> str:
    return entry.description[:1].lower() + entry.description[1:]


def make_import_outcome(report: ImportReport, n_stopped: int = 0) -> Outcome:
    """Return the outcome of adding pictures: how many per class, and how many were left out.

    Parameters
    ----------
    report : ImportReport
    n_stopped : int
        Pictures that were not processed because the visitor clicked Stop.
    """
    added = {label: count for label, count in sorted(report.added.items()) if count}
    parts = [f"{count:,} to {label}" for label, count in added.items()]
    n_present = sum(file.is_present for file in report.rejected)
    n_bad = len(report.rejected) - n_present
    reasons = [file.reason for file in report.rejected]
    if n_present and not (parts or n_bad or n_stopped):
        which = {1: "the picture is", 2: "both are"}.get(n_present, f"all {n_present:,} are")
        return Outcome(f"Nothing was added: {which} in the dataset already.", reasons=reasons)
    summary = f"Added {join_with_and(parts)}" if parts else "Nothing was added"
    if n_present:
        summary += f"; {n_present:,} already there"
    if n_bad:
        summary += f"; {n_bad:,} could not be used"
    if n_stopped:
        summary += f"; {n_stopped:,} not added because you clicked Stop"
    summary += "."
    if report.guessed_encoding and parts:
        summary += (
            " The .zip does not say how its names are encoded, so they were read as "
            f"{report.guessed_encoding}: rename a class if its name looks wrong."
        )
    summary += _describe_twins(report.twins)
    twins = [f"{twin.name}: in {twin.label} and in {twin.other}." for twin in report.twins]
    return Outcome(summary, is_good=bool(parts), reasons=reasons, twins=twins)


def _describe_twins(twins: Sequence[Twin]) -> str:
    if not twins:
        return ""
    pairs = Counter(tuple(sorted((twin.label, twin.other))) for twin in twins)
    n = len(twins)
    start = "1 picture is" if n == 1 else f"{n:,} pictures are"
    if len(pairs) == 1:
        ((one, other),) = pairs
        where = f"{start} now both in {one} and in {other}"
    else:
        where = f"{start} now in two classes: " + join_with_and(
            [f"{count:,} in {one} and {other}" for (one, other), count in pairs.items()]
        )
    return f" {where}. Delete {'it' if n == 1 else 'each'} from one of them."


def join_with_and(parts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _undo() -> None:
    outcome: Outcome | None = st.session_state.pop(_OUTCOME, None)
    if outcome is not None and outcome.undo is not None:
        attempt(outcome.undo)


def has_outcome() -> bool:
    """Return whether an outcome is shown."""
    return _OUTCOME in st.session_state


def clear_outcome() -> None:
    """Stop showing the outcome."""
    st.session_state.pop(_OUTCOME, None)
