"""The cookie in which Streamlit keeps the account of somebody who signed in with `st.login`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME


def read_account(cookies: Mapping[str, str]) -> dict[str, Any]:
    """Return what the cookie says, as `st.user` has it on pages, and the `origin` of its site.

    Parameters
    ----------
    cookies : mapping of str to str
        Of a request.

    Returns
    -------
    dict
        Empty without a cookie, or with one whose signature is wrong or too old.
    """

    def read_one(name: str) -> bytes | None:
        signed = cookies.get(name, "").encode("latin-1", "replace")
        return decode_signed_value(get_cookie_secret(), name, signed)

    if USER_COOKIE_NAME not in cookies:
        return {}
    found = get_cookie_with_chunks(read_one, USER_COOKIE_NAME)
    try:
        account = json.loads(found or b"{}")
    except ValueError:
        return {}
    return account if isinstance(account, dict) else {}
