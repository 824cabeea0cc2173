"""Parse web addresses, and decide which of them may be contacted."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, quote, unquote, urljoin, urlsplit

from cluster_core.data.labels import shorten
from cluster_core.data.web.public_ips import IPAddress, is_public
from cluster_core.errors import DownloadError

MAX_CHARACTERS = 4_000
PORTS = {"http": 80, "https": 443}
# Lower ports belong to mail, file sharing and other services that do not serve pictures.
FIRST_FREE_PORT = 1024
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
# Characters of a path or query that stay unquoted; a % starts an existing escape.
_UNQUOTED = "%/:=&?~#+!$,;'@()*[]"


@dataclass(frozen=True)
class WebAddress:
    """A well-formed address; `find_public_ips` checks whether its server may be contacted.

    Attributes
    ----------
    scheme : str
        `http` or `https`.
    host : str
        Name or IP address of the server, in lower-case ASCII.
    port : int
        The explicit port, or the default of the scheme.
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
        """Host and port in the form of the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def file_name(self) -> str:
        """The last part of the path, which may be empty or unsafe as a file name."""
        path = self.target.split("?", maxsplit=1)[0]
        return unquote(path.rsplit("/", maxsplit=1)[-1], errors="replace")


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the addresses of a list with one address per line, without duplicates, in order.

    Empty lines and comments, which begin with #, are skipped.
    """
    lines = (line.strip() for line in text.removeprefix("\ufeff").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#")))


def read_address(text: str, base: WebAddress | None = None) -> WebAddress:
    """Parse an address.

    Parameters
    ----------
    text : str
        The address.
    base : WebAddress, optional
        The page that the address comes from, if it may be relative.

    Raises
    ------
    DownloadError
        It is not an http or https address, contains a user name, or uses the port of
        another service.
    """
    if len(text) > MAX_CHARACTERS or any(ord(c) < ord(" ") or c in "\x7f\\" for c in text):
        raise DownloadError(
            f"{shorten(text)} is not a web address, because it is too long or contains an invalid "
            "character: copy it from the browser again.",
            address=text,
        )
    try:
        parts = urlsplit(urljoin(str(base), text) if base else text)
        port = parts.port
        scheme, host = parts.scheme, _read_host(parts)
    except ValueError as error:
        raise DownloadError(
            f"{shorten(text)} is not a web address: copy it from the browser again.",
            address=text,
        ) from error
    if scheme not in PORTS or not host:
        raise DownloadError(
            f"{shorten(text)} is not a web address: enter one that begins with https:// or http:// "
            "and the name of a server.",
            address=text,
        )
    if "@" in parts.netloc:
        raise DownloadError(
            "The address contains a user name or password, which would be sent to the server: "
            "remove everything between // and @.",
            address=text,
        )
    port = PORTS[scheme] if port is None else port
    if port not in PORTS.values() and port < FIRST_FREE_PORT:
        raise DownloadError(
            f"The address names port {port}, which is not used for pictures: enter an address "
            f"without a port, or with a port of at least {FIRST_FREE_PORT}.",
            address=text,
        )
    query = f"?{parts.query}" if parts.query else ""
    target = quote((parts.path or "/") + query, safe=_UNQUOTED, errors="replace")
    return WebAddress(scheme, host, port, target)


def find_public_ips(address: WebAddress) -> tuple[IPAddress, ...]:
    """Look up a server, and refuse it unless it is on the public internet.

    Returns
    -------
    tuple of IPv4Address or IPv6Address
        The IP addresses to connect to, without duplicates. The name must not be looked up
        again, because the owner of the name could answer differently (DNS rebinding).

    Raises
    ------
    DownloadError
        There is no such server, or at least one of its IP addresses is private, local to
        this computer, or reserved.
    """
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        # Drop the zone of a link-local address, as in fe80::1%eth0.
        ips = tuple(dict.fromkeys(ip_address(str(to[0]).split("%")[0]) for *_, to in found))
        if not ips:
            raise OSError("no address")
    except (OSError, UnicodeError) as error:
        raise DownloadError(
            f"The server {address.host} could not be found: check the address, and that this "
            "computer is online.",
            address=str(address),
        ) from error
    refused = next((ip for ip in ips if not is_public(ip)), None)
    if refused is not None:
        raise DownloadError(
            f"The server {address.host} is not on the public internet ({refused}): use an address "
            "that anyone can open, or copy the picture yourself.",
            address=str(address),
        )
    return ips


def _read_host(parts: SplitResult) -> str:
    """Return the host in ASCII; raise ValueError if it is not valid."""
    host = (parts.hostname or "").removesuffix(".")
    if ":" in host:
        return str(IPv6Address(host)) if "%" not in host else _refuse(host)
    host = host.encode("idna").decode("ascii").lower()
    return host if not host or _NAME.fullmatch(host) else _refuse(host)


def _refuse(host: str) -> str:
    raise ValueError(host)
