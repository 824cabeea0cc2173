"""The one place where an error on any page becomes something a person can read."""

from __future__ import annotations

import logging
import secrets

import streamlit as st

from cluster_core.errors import ClusterError
from pages.components.text import escape_markdown

_logger = logging.getLogger(__name__)


def show_error(error: Exception) -> bool:
    """Show a ClusterError's sentence, and for a bug an apology with an id that the log has too."""
    if isinstance(error, ClusterError):
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return True
    error_id = secrets.token_hex(4)
    _logger.error("Error %s on a page", error_id, exc_info=error)
    st.error(
        f"Something went wrong on our side, sorry. Nothing of yours was lost; try again. If it "
        f"happens again, tell whoever runs this server the id {error_id}.",
        icon=":material/bug_report:",
    )
    return True
