"""Fetch files from public servers only, within limits of size and time."""

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
_TEMPORARY = frozenset({408, 429, 500, 502, 503, 504})
_GONE = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 402, 403, 407, 451})
_SECONDS = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True)
class FetchLimits:
    """Limits on the time and disk space that a server may use.

    Attributes
    ----------
    max_bytes : int
        Maximum size of a file.
    connect_timeout_s, read_timeout_s : float
        Timeouts in seconds for accepting a connection, and between two pieces of data.
    total_timeout_s : float
        Timeout in seconds for a whole file, including retries.
    max_redirects : int
        Maximum number of redirects.
    retry_waits_s : tuple of float
        Seconds to wait before each retry, unless the server asks for another wait.
        One retry per element.
    max_retry_wait_s : float
        The longest wait in seconds that a server may ask for.
    """

    max_bytes: int = DEFAULT_LIMITS.max_file_bytes
    connect_timeout_s: float = 10
    read_timeout_s: float = 20
    total_timeout_s: float = 120
    max_redirects: int = 5
    retry_waits_s: tuple[float, ...] = (1, 4)
    max_retry_wait_s: float = 20


DEFAULT_FETCH_LIMITS = FetchLimits()


class _TemporaryError(DownloadError):
    """A failure that a retry may overcome."""

    def __init__(self, message: str, *, address: str, wait_s: float | None = None) -> None:
        super().__init__(message, address=address)
        self.wait_s = wait_s


class WebClient:
    """Fetches files; safe to use from several threads.

    Every address, including the target of a redirect, is looked up once, and the connection
    goes to the very IP address that was checked. Proxies are not used, because they would
    look up the name themselves. Files are stored as sent and never unpacked.

    Parameters
    ----------
    limits : FetchLimits
        Limits of size and time.
    """

    def __init__(self, limits: FetchLimits = DEFAULT_FETCH_LIMITS) -> None:
        self._limits = limits
        self._connections = PublicConnections()

    def fetch(self, address: WebAddress, target: Path) -> None:
        """Download an address to a new file, with retries.

        Parameters
        ----------
        address : WebAddress
            The address.
        target : Path
            The file to write. If the download fails, it may be left incomplete.

        Raises
        ------
        DownloadError
            The server cannot be reached or refuses, the file is too large, or the client
            was closed.
        DatasetError
            The disk is full or write-protected.
        """
        deadline_s = time.monotonic() + self._limits.total_timeout_s
        for default_wait_s in self._limits.retry_waits_s:
            try:
                return self._fetch_once(address, target, deadline_s)
            except _TemporaryError as error:
                wait_s = default_wait_s if error.wait_s is None else error.wait_s
                if time.monotonic() + wait_s > deadline_s or self._connections.closed.wait(wait_s):
                    raise
        return self._fetch_once(address, target, deadline_s)

    def close(self) -> None:
        """Cancel all downloads in progress, which then raise DownloadError."""
        self._connections.close()

    def _fetch_once(self, address: WebAddress, target: Path, deadline_s: float) -> None:
        first = address
        for _ in range(self._limits.max_redirects + 1):
            with ExitStack() as stack:
                response = self._ask(address, deadline_s, stack)
                location = response.headers["Location"]
                if response.status in _REDIRECTS and location:
                    # http.client decodes headers as Latin-1, but servers write UTF-8.
                    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
                    address = read_address(location, base=address)
                    continue
                _check_status(response, address, self._limits.max_retry_wait_s)
                body = self._read_body(response, address, deadline_s)
                with (
                    explaining_disk_errors("The download could not be stored", target),
                    target.open("wb") as f,
                ):
                    f.writelines(body)
                return
        raise DownloadError(
            f"The server {first.host} redirects too often: open the address in a browser, and copy "
            "the address of the picture itself.",
            address=str(first),
        )

    def _ask(
        self, address: WebAddress, deadline_s: float, stack: ExitStack
    ) -> http.client.HTTPResponse:
        """Send a request, and return the response once its headers have arrived."""
        with self._explaining_network(address, deadline_s):
            connected = stack.enter_context(
                self._connections.open(
                    address, deadline_s, self._limits.connect_timeout_s, self._limits.read_timeout_s
                )
            )
            connection = stack.enter_context(
                closing(http.client.HTTPConnection(address.host, address.port))
            )
            connection.sock = connected
            connection.auto_open = 0  # or it might look up the name itself and reconnect
            connection.request("GET", address.target, headers={"Host": address.server} | HEADERS)
            return stack.enter_context(closing(connection.getresponse()))

    def _read_body(
        self, response: http.client.HTTPResponse, address: WebAddress, deadline_s: float
    ) -> Iterator[bytes]:
        """Yield the body of a response; raise if it is incomplete or too large."""
        declared = response.length
        n_bytes = 0
        while declared is None or n_bytes < declared:
            if max(declared or 0, n_bytes) > self._limits.max_bytes:
                raise DownloadError(
                    f"The file is larger than {self._limits.max_bytes / MEGA:,.3g} MB: use the "
                    "address of a smaller version.",
                    address=str(address),
                )
            with self._explaining_network(address, deadline_s):
                left = CHUNK_BYTES if declared is None else declared - n_bytes
                chunk = response.read1(min(left, CHUNK_BYTES))
                if not chunk and declared is not None:
                    raise http.client.IncompleteRead(b"", declared - n_bytes)
            # Without a declared length, a connection cut at the deadline looks like the end.
            self._check_time(address, deadline_s)
            if not chunk:
                return
            n_bytes += len(chunk)
            yield chunk

    @contextmanager
    def _explaining_network(self, address: WebAddress, deadline_s: float) -> Iterator[None]:
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise DownloadError(
                f"The identity of the server {address.host} could not be verified "
                f"({error.verify_message}): check the address.",
                address=str(address),
            ) from error
        except (OSError, http.client.HTTPException) as error:
            self._check_time(address, deadline_s)
            what = (
                f"did not answer within {self._limits.read_timeout_s:g} seconds"
                if isinstance(error, TimeoutError)
                else "refused or lost the connection"
            )
            raise _TemporaryError(
                f"The server {address.host} {what}: try again later.", address=str(address)
            ) from error

    def _check_time(self, address: WebAddress, deadline_s: float) -> None:
        if self._connections.closed.is_set():
            raise DownloadError("The download was stopped: start it again.", address=str(address))
        if time.monotonic() >= deadline_s:
            raise DownloadError(
                f"The server {address.host} took longer than {self._limits.total_timeout_s:g} "
                "seconds to send the file: try again later.",
                address=str(address),
            )


def _check_status(
    response: http.client.HTTPResponse, address: WebAddress, max_retry_wait_s: float
) -> None:
    """Raise DownloadError unless the response contains a file."""
    status, host = response.status, address.host
    if status == HTTPStatus.OK:
        return
    reply = f"{status} {http.client.responses.get(status, '')}".rstrip()
    if status in _TEMPORARY:
        wait_s = response.headers.get("Retry-After", "")
        raise _TemporaryError(
            f"The server {host} is busy or out of order ({reply}): try again later.",
            address=str(address),
            wait_s=min(int(wait_s), max_retry_wait_s) if _SECONDS.fullmatch(wait_s) else None,
        )
    if status in _GONE:
        message = f"There is nothing at this address ({reply}): check it in a browser."
    elif status in _FORBIDDEN:
        message = (
            f"The server {host} does not give this file to everyone ({reply}): save it with a "
            "browser, and add it as a file."
        )
    else:
        message = f"The server {host} did not send a file ({reply}): check it in a browser."
    raise DownloadError(message, address=str(address))
