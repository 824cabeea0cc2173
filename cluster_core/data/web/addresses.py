"""Addresses on the web: how a list of them is read, and which of them may be asked."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from cluster_core.data.labels import shorten
from cluster_core.errors import DownloadError

IPAddress = IPv4Address | IPv6Address

MAX_CHARACTERS = 4_000
PORTS = {"http": 80, "https": 443}
# Below it are mail, files and other services that no picture is served from.
FIRST_FREE_PORT = 1024
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
# What may stand in a path or query as it is; a % already begins an escape.
_KEPT = "%/:=&?~#+!$,;'@()*[]"

_PUBLIC_V6 = IPv6Network("2000::/3")
_DOCUMENTATION_V6 = IPv6Network("3fff::/20")
_TRANSLATED_V4 = IPv6Network("64:ff9b::/96")
# Public by its number, yet the inside of a cloud: it hands out a machine's settings.
_CLOUD_SERVICES = frozenset({IPv4Address("168.63.129.16")})


@dataclass(frozen=True)
class WebAddress:
    """An address that is well formed; whether it may be asked, its server's IP address tells.

    Attributes
    ----------
    scheme : str
        `http` or `https`.
    host : str
        Name or IP address of the server, in ASCII and small letters.
    port : int
        As given, or that of the scheme.
    target : str
        Path and query, in ASCII, beginning with a slash.
    """

    scheme: str
    host: str
    port: int
    target: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.server}{self.target}"

    @property
    def server(self) -> str:
        """Host and port as the header `Host` names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def file_name(self) -> str:
        """The last part of the path, which may be empty or unfit for a disk."""
        path = self.target.split("?", maxsplit=1)[0]
        return unquote(path.rsplit("/", maxsplit=1)[-1], errors="replace")


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a list, one a line, each once and in the order of the list.

    Blank lines are passed over, and so are comments, which begin with #.
    """
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def read_address(text: str, base: WebAddress | None = None) -> WebAddress:
    """Take an address apart.

    Parameters
    ----------
    text : str
        The address.
    base : WebAddress, optional
        Where it was found; it may then be relative to that.

    Raises
    ------
    DownloadError
        It is no address of a file on the web, or has a user name in it.
    """
    if len(text) > MAX_CHARACTERS or any(ord(c) < ord(" ") or c in "\x7f\\" for c in text):
        raise DownloadError(
            f"{shorten(text)} is no address on the web, because it is too long or has a character "
            "that does not belong there: copy it once more from the browser.",
            address=text,
        )
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
        port = parts.port
        scheme, host = parts.scheme, _read_host(parts)
    except ValueError as error:
        raise DownloadError(
            f"{shorten(text)} is no address on the web: copy it once more from the browser.",
            address=text,
        ) from error
    if scheme not in PORTS or not host:
        raise DownloadError(
            f"{shorten(text)} is no address on the web: give one that begins with https:// or "
            "http:// and the name of a server.",
            address=text,
        )
    if "@" in parts.netloc:
        raise DownloadError(
            "A user name or password stands in the address, and would be sent to a stranger: "
            "leave out what stands before the @.",
            address=text,
        )
    port = PORTS[scheme] if port is None else port
    if port not in PORTS.values() and port < FIRST_FREE_PORT:
        raise DownloadError(
            f"The address names port {port}, where servers have something else than pictures: "
            f"give one without a port, or with one from {FIRST_FREE_PORT} up.",
            address=text,
        )
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe=_KEPT, errors="replace")
    return WebAddress(scheme, host, port, target)


def find_public_ips(address: WebAddress) -> tuple[IPAddress, ...]:
    """Look up a server, and refuse one that is not on the public internet.

    Returns
    -------
    tuple of IPv4Address or IPv6Address
        What to connect to. The name must not be looked up again, because whoever owns
        it may answer differently the second time.

    Raises
    ------
    DownloadError
        There is no such server, or any of its addresses is private, of this computer, or
        reserved.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        # Without the zone that a link-local address may carry, as in fe80::1%eth0.
        ips = tuple(dict.fromkeys(ip_address(str(to[0]).split("%")[0]) for *_, to in found))
        if not ips:
            raise OSError("no address")
    except (OSError, UnicodeError) as error:
        raise DownloadError(
            f"There is no server {address.host}, or no way to it: check the address, and that "
            "this computer is online.",
            address=str(address),
        ) from error
    refused = next((ip for ip in ips if not is_public(ip)), None)
    if refused is not None:
        raise DownloadError(
            f"The server {address.host} is not on the public internet ({refused}): give an address "
            "that everybody can open, or copy the picture yourself.",
            address=str(address),
        )
    return ips


def is_public(ip: IPAddress) -> bool:
    """Tell whether an IP address is on the public internet, and not reserved or for many."""
    if isinstance(ip, IPv4Address):
        is_special = ip.is_multicast or ip.is_reserved or ip in _CLOUD_SERVICES
        return ip.is_global and not is_special
    if ip in _TRANSLATED_V4:
        return is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
    # The older ways to wrap an IPv4 address, which might be any, are used by nobody any more.
    is_wrapped = ip.sixtofour is not None or ip.teredo is not None
    return ip in _PUBLIC_V6 and ip.is_global and not is_wrapped and ip not in _DOCUMENTATION_V6


def _read_host(parts: SplitResult) -> str:
    """Return the host in ASCII; ValueError where it cannot be one."""
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        return str(IPv6Address(host)) if "%" not in host else _refuse(host)
    host = host.encode("idna").decode("ascii").lower()
    return host if not host or _NAME.fullmatch(host) else _refuse(host)


def _refuse(host: str) -> str:
    raise ValueError(host)
