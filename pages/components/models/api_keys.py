"""The owner's list of API keys: make one, and revoke it."""

from __future__ import annotations

import streamlit as st

from cluster_core.api.keys import (
    MAX_NAME_LENGTH,
    ApiKey,
    Scope,
    create_key,
    list_keys,
    revoke_key,
)
from cluster_core.errors import ClusterError
from pages.components.dialogs import close_dialog, confirm, is_open, open_dialog
from pages.components.outcome import Outcome
from pages.components.signed_in import get_access, get_workspace
from pages.components.text import escape_markdown

_NEW, _PROBLEM = "new API key", "API key problem"
_REVOKE = "revoke API key"
_SCOPES = {Scope.READ: "list models", Scope.CLASSIFY: "classify pictures"}


def show_api_keys() -> None:
    """Draw the keys, and a form for another one."""
    keys = list_keys(get_access(), get_workspace())
    with st.expander("API keys", icon=":material/key:", key="api_keys"):
        st.caption("A program on another computer needs a key to use the models of this server.")
        _show_form()
        _show_new()
        for key in keys:
            _show_key(key)


def _show_form() -> None:
    with (
        st.form("new_key", border=False),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        st.text_input(
            "Name",
            key="key_name",
            max_chars=MAX_NAME_LENGTH,
            placeholder="Who or what will use it",
            width=320,
        )
        st.pills(
            "It may",
            list(Scope),
            key="key_scopes",
            default=list(Scope),
            selection_mode="multi",
            format_func=_SCOPES.__getitem__,
        )
        st.form_submit_button("Make a key", key="make_key", icon=":material/add:", on_click=_make)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(escape_markdown(problem), icon=":material/error:")


def _make() -> None:
    state = st.session_state
    try:
        scopes = [Scope(scope) for scope in state["key_scopes"]]
        state[_NEW], _ = create_key(get_access(), get_workspace(), state["key_name"], scopes)
    except ClusterError as error:
        state[_PROBLEM] = str(error)
    else:
        state["key_name"] = ""


def _show_new() -> None:
    secret = st.session_state.get(_NEW)
    if secret is None:
        return
    with st.container(border=True, key="new_api_key"):
        st.markdown("**Copy this key now: it is not shown again.**")
        st.code(secret, language=None, wrap_lines=True)
        st.button(
            "Done",
            key="key_copied",
            icon=":material/check:",
            on_click=lambda: st.session_state.pop(_NEW, None),
        )


def _show_key(key: ApiKey) -> None:
    allowed = " and ".join(_SCOPES[scope] for scope in key.scopes)
    used = f"last used {key.last_used}" if key.last_used else "never used"
    with st.container(horizontal=True, vertical_alignment="center", key=f"key_{key.id}"):
        st.markdown(
            f"**{escape_markdown(key.name)}** may {allowed}  \n"
            f":small[id {key.id}, made {key.created}, {used}]",
            width="stretch",
        )
        st.button(
            "Revoke",
            key=f"revoke_{key.id}",
            icon=":material/key_off:",
            on_click=open_dialog,
            args=(f"{_REVOKE} {key.id}",),
        )
    if is_open(f"{_REVOKE} {key.id}"):
        _ask_to_revoke(key)


@st.dialog("Revoke this API key?", icon=":material/key_off:", on_dismiss=close_dialog)
def _ask_to_revoke(key: ApiKey) -> None:
    st.write(
        f"Programs that use the key {escape_markdown(key.name)} are refused from now on. This "
        "cannot be undone."
    )

    def act() -> Outcome:
        revoke_key(get_access(), get_workspace(), key.id)
        st.session_state.pop(_NEW, None)
        return Outcome(f"Revoked the API key {key.name}.")

    confirm("revoke_key", "Revoke", act)
