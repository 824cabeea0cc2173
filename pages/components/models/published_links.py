"""Links to published models, as the visitors of this server can open them."""

from __future__ import annotations

import html
import ipaddress
from urllib.parse import quote, urljoin, urlsplit

import streamlit as st

_EMBEDDED_HEIGHT_PX = 640


def make_link(alias: str = "") -> str:
    """Return the address of a published model, or of the gallery, on the server of this page."""
    path = quote(f"m/{alias}/") if alias else "m/"
    # The browser's own address: only that tells how this server is reached from outside.
    return urljoin(st.context.url or "", path)


def make_frame(link: str, title: str) -> str:
    """Return the HTML that shows a published model inside another web page."""
    return (
        f'<iframe src="{html.escape(link)}?embed=true" title="{html.escape(title)}" width="100%" '
        f'height="{_EMBEDDED_HEIGHT_PX}" style="border: 0" allow="camera"></iframe>'
    )


def describe_reach(link: str) -> str | None:
    """Return a sentence about who cannot open a link; None if nothing speaks against it."""
    host = urlsplit(link).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        is_own, is_near = host in ("", "localhost") or host.endswith(".localhost"), False
    else:
        is_own, is_near = address.is_loopback or address.is_unspecified, address.is_private
    if is_own:
        return (
            "This link works on this computer only. For others, run a server with a passphrase "
            "or a public demo, or export the model as a web page for your own website: the "
            "documentation says how under Sharing."
        )
    if is_near:
        return "This link works in your own network only."
    return None
