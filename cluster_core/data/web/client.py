"""Fetch a file from a public server, and from no other, within bounds of size and time."""

from __future__ import annotations

import http.client
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from cluster_core.data.web.addresses import WebAddress, read_address
from cluster_core.data.web.connections import PublicConnections
from cluster_core.errors import DownloadError
from cluster_core.images import DEFAULT_LIMITS, MEGA
from cluster_core.storage.safe_moves import explaining_disk_errors

HEADERS = {
    "User-Agent": "ClusterLab/0.1 (fetches a list of pictures for one person)",
    "Accept": "image/*, application/fits;q=0.9, */*;q=0.5",
    "Accept-Encoding": "identity",
    "Connection": "close",
}
CHUNK_BYTES = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 402, 403, 407, 451})
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class FetchLimits:
    """What a server may take of this computer's time and disk.

    Attributes
    ----------
    max_bytes : int
        Size of a file.
    connect_s, silence_s : float
        How long it may take to answer a call, and to send anything.
    total_s : float
        How long one file may take altogether, with all that is tried again.
    max_redirects : int
        How often it may send on to another address.
    wait_s : tuple of float
        How long to wait before each time that is tried again, unless the server
        names a time of its own.
    max_wait_s : float
        The longest time that a server may name.
    """

    max_bytes: int = DEFAULT_LIMITS.max_file_bytes
    connect_s: float = 10
    silence_s: float = 20
    total_s: float = 120
    max_redirects: int = 5
    wait_s: tuple[float, ...] = (1, 4)
    max_wait_s: float = 20


DEFAULT_FETCH_LIMITS = FetchLimits()


class _PassingError(DownloadError):
    """Something that may be over when it is tried again."""

    def __init__(self, message: str, *, address: str, wait_s: float | None = None) -> None:
        super().__init__(message, address=address)
        self.wait_s = wait_s


class WebClient:
    """Fetches files, from several threads at once, until it is closed.

    Every address that is asked, also one that a server sends on to, is looked up once,
    checked, and connected to as it was checked. Proxies are not used: they would do
    the looking up. A file is kept as it was sent, never unpacked.
    """

    def __init__(self, limits: FetchLimits = DEFAULT_FETCH_LIMITS) -> None:
        self._limits = limits
        self._connections = PublicConnections()

    def fetch(self, address: WebAddress, target: Path) -> None:
        """Write the file at an address to a new file.

        Raises
        ------
        DownloadError
            It cannot be had, or is too large.
        DatasetError
            The disk is full, or locked.
        """
        end_s = time.monotonic() + self._limits.total_s
        for usual_wait_s in self._limits.wait_s:
            try:
                return self._fetch_once(address, target, end_s)
            except _PassingError as error:
                wait_s = usual_wait_s if error.wait_s is None else error.wait_s
                if time.monotonic() + wait_s > end_s or self._connections.closed.wait(wait_s):
                    raise
        return self._fetch_once(address, target, end_s)

    def close(self) -> None:
        """End all that is being fetched, which raises DownloadError there."""
        self._connections.close()

    def _fetch_once(self, address: WebAddress, target: Path, end_s: float) -> None:
        first = address
        for _ in range(self._limits.max_redirects + 1):
            with ExitStack() as stack:
                response = self._ask(address, end_s, stack)
                location = response.headers["Location"]
                if response.status in _REDIRECTS and location:
                    # http.client reads headers as Latin-1, servers write UTF-8.
                    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
                    address = read_address(location, base=address)
                    continue
                _check_status(response, address, self._limits.max_wait_s)
                body = self._read_body(response, address, end_s)
                with (
                    explaining_disk_errors("The download could not be stored", target),
                    target.open("wb") as f,
                ):
                    f.writelines(body)
                return
        raise DownloadError(
            f"The server {first.host} sends on from one address to the next without end: open it "
            "in a browser, and copy the address of the picture itself.",
            address=str(first),
        )

    def _ask(self, address: WebAddress, end_s: float, stack: ExitStack) -> http.client.HTTPResponse:
        """Send a request, and return the answer as soon as its header is there."""
        with self._explaining_network(address, end_s):
            connected = stack.enter_context(
                self._connections.open(
                    address, end_s, self._limits.connect_s, self._limits.silence_s
                )
            )
            connection = stack.enter_context(
                closing(http.client.HTTPConnection(address.host, address.port))
            )
            connection.sock = connected
            connection.auto_open = 0  # else it might look up the name itself, and connect again
            connection.request("GET", address.target, headers={"Host": address.server} | HEADERS)
            return stack.enter_context(closing(connection.getresponse()))

    def _read_body(
        self, response: http.client.HTTPResponse, address: WebAddress, end_s: float
    ) -> Iterator[bytes]:
        """Yield what a server sends, if it is all of it and not too much."""
        promised = response.length
        n_bytes = 0
        while promised is None or n_bytes < promised:
            if max(promised or 0, n_bytes) > self._limits.max_bytes:
                raise DownloadError(
                    f"The file is larger than the {self._limits.max_bytes / MEGA:,.3g} MB that are "
                    "allowed: give the address of a smaller version.",
                    address=str(address),
                )
            with self._explaining_network(address, end_s):
                left = CHUNK_BYTES if promised is None else promised - n_bytes
                chunk = response.read1(min(left, CHUNK_BYTES))
                if not chunk and promised is not None:
                    raise http.client.IncompleteRead(b"", promised - n_bytes)
            # Where no length was promised, a connection that we cut looks like the end.
            self._check_time(address, end_s)
            if not chunk:
                return
            n_bytes += len(chunk)
            yield chunk

    @contextmanager
    def _explaining_network(self, address: WebAddress, end_s: float) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise DownloadError(
                f"The server {address.host} cannot prove that it is the one of that name "
                f"({error.verify_message}): check the address.",
                address=str(address),
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self._check_time(address, end_s)
            what = (
                f"did not answer within {self._limits.silence_s:g} seconds"
                if isinstance(error, TimeoutError)
                else "broke off the connection, or took none"
            )
            raise _PassingError(
                f"The server {address.host} {what}: try again later.", address=str(address)
            ) from error

    def _check_time(self, address: WebAddress, end_s: float) -> None:
        if self._connections.closed.is_set():
            raise DownloadError("The download was stopped: begin it again.", address=str(address))
        if time.monotonic() >= end_s:
            raise DownloadError(
                f"The server {address.host} took longer than the {self._limits.total_s:g} seconds "
                "that a file may take: try again later.",
                address=str(address),
            )


def _check_status(
    response: http.client.HTTPResponse, address: WebAddress, max_wait_s: float
) -> None:
    """Raise DownloadError unless an answer has a file in it."""
    status, host = response.status, address.host
    if status == HTTPStatus.OK:
        return
    said = f"{status} {http.client.responses.get(status, '')}".rstrip()
    if status in _PASSING:
        wait_s = response.headers.get("Retry-After", "")
        raise _PassingError(
            f"The server {host} is busy or out of order ({said}): try again later.",
            address=str(address),
            wait_s=min(int(wait_s), max_wait_s) if _SECONDS.fullmatch(wait_s) else None,
        )
    if status in _GONE:
        message = f"There is nothing at this address ({said}): look it up in a browser."
    elif status in _FORBIDDEN:
        message = (
            f"The server {host} does not give this file to everybody ({said}): save it in a "
            "browser, and add it from there."
        )
    else:
        message = f"The server {host} sent no picture ({said}): look at the address in a browser."
    raise DownloadError(message, address=str(address))
