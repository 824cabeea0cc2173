"""The last check of a dataset: in its folder or, if that cannot be written to, in memory."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import streamlit as st

from cluster_core.access import Access
from cluster_core.data.index import DatasetIndex
from cluster_core.errors import DatasetError
from cluster_core.health import HealthReport, KeptCheck, keep_check, load_check, make_check
from cluster_core.health.kept import LAST_CHECK

_CHECKS_IN_MEMORY = 8


@st.cache_resource(max_entries=_CHECKS_IN_MEMORY, show_spinner=False)
def _load_check(image_dir: Path, written_ns: int) -> KeptCheck | None:
    return load_check(image_dir)


@st.cache_resource(show_spinner=False)
def _get_unsaved() -> dict[Path, KeptCheck]:
    """Return the checks that could not be saved, of all sessions, the latest last."""
    return {}


def find_check(image_dir: Path) -> KeptCheck | None:
    """Return the last check of a dataset, from memory if its record is unchanged."""
    saved = None
    with suppress(OSError):
        saved = _load_check(image_dir, (image_dir / LAST_CHECK).stat().st_mtime_ns)
    found = [one for one in (_get_unsaved().get(image_dir), saved) if one is not None]
    return max(found, key=lambda check: check.made, default=None)


def save_check(access: Access, index: DatasetIndex, report: HealthReport) -> str:
    """Keep what a check found in the dataset's folder, or else in memory, since it took long.

    Returns
    -------
    str
        Why it is in memory only, and for how long; empty if it was saved.

    Raises
    ------
    AccessError
        This server does not let its visitors edit datasets.
    """
    unsaved = _get_unsaved()
    unsaved.pop(index.image_dir, None)
    try:
        keep_check(access, index, report)
    except DatasetError as error:
        unsaved[index.image_dir] = make_check(index, report)
        while len(unsaved) > _CHECKS_IN_MEMORY:
            unsaved.pop(next(iter(unsaved)))
        return f"{error} It is shown here until the program is restarted."
    return ""
