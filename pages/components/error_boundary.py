"""Show uncaught errors of any page as readable messages."""

from __future__ import annotations

import logging
import secrets

import streamlit as st

from cluster_core.errors import ClusterError
from pages.components.text import escape_markdown

_logger = logging.getLogger(__name__)


def show_error(error: Exception) -> bool:
    """Show a ClusterError's message, or for a bug an apology with an id that is also logged.

    Returns
    -------
    bool
        Always True: Streamlit does not show the error itself.
    """
    if isinstance(error, ClusterError):
        st.error(escape_markdown(str(error)), icon=":material/error:")
        return True
    error_id = secrets.token_hex(4)
    _logger.error("Error %s on a page", error_id, exc_info=error)
    st.error(
        f"Sorry, something went wrong on our side. No data was lost. Try again; if the error "
        f"returns, report the id {error_id} to the person who runs this server.",
        icon=":material/bug_report:",
    )
    return True
