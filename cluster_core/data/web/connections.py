"""Connections to public servers, made to exactly the IP address that was checked."""

from __future__ import annotations

import functools
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address

import certifi

from cluster_core.data.web.addresses import WebAddress, find_public_ips
from cluster_core.data.web.public_ips import IPAddress

MAX_IPS = 4


class PublicConnections:
    """Opens connections for several threads, and can cut all of them.

    Attributes
    ----------
    closed : threading.Event
        Set by `close`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: set[socket.socket] = set()
        self.closed = threading.Event()

    def close(self) -> None:
        """Cut every connection, which wakes up all threads that are waiting for one."""
        self.closed.set()
        with self._lock:
            for handle in self._handles:
                _shut_down(handle)

    @contextmanager
    def open(
        self,
        address: WebAddress,
        deadline_s: float,
        connect_timeout_s: float,
        read_timeout_s: float,
    ) -> Iterator[socket.socket]:
        """Yield a connection to a server, encrypted for an https address.

        Parameters
        ----------
        address : WebAddress
            The server. Its name is looked up only here.
        deadline_s : float
            When the connection is cut, on the clock of `time.monotonic`. Without it, a
            server could keep sending single bytes forever.
        connect_timeout_s, read_timeout_s : float
            Timeouts in seconds for accepting the connection, and between two pieces of data.

        Yields
        ------
        socket.socket
            The connection, which is closed after the block.

        Raises
        ------
        DownloadError
            There is no such server, or it is not on the public internet.
        OSError
            The server cannot be reached, or its certificate is not valid.
        """
        with _dial(find_public_ips(address), address.port, connect_timeout_s) as plain:
            plain.settimeout(read_timeout_s)
            with self._cutting_at(deadline_s, plain):
                if address.scheme == "http":
                    yield plain
                    return
                context = _load_trusted_certificates()
                with context.wrap_socket(plain, server_hostname=address.host) as encrypted:
                    yield encrypted

    @contextmanager
    def _cutting_at(self, deadline_s: float, connection: socket.socket) -> Iterator[None]:
        # A second file descriptor, because wrapping the socket in TLS detaches the first one.
        handle = connection.dup()
        timer = threading.Timer(max(0, deadline_s - time.monotonic()), _shut_down, [handle])
        timer.daemon = True
        with self._lock:
            self._handles.add(handle)
        timer.start()
        try:
            if self.closed.is_set():
                _shut_down(handle)
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._handles.discard(handle)
            handle.close()


def _dial(ips: tuple[IPAddress, ...], port: int, timeout_s: float) -> socket.socket:
    failure = OSError()
    for ip in ips[:MAX_IPS]:
        family = socket.AF_INET6 if isinstance(ip, IPv6Address) else socket.AF_INET
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a computer without IPv6
            failure = error
            continue
        try:
            connection.settimeout(timeout_s)
            connection.connect((str(ip), port))
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


@functools.cache
def _load_trusted_certificates() -> ssl.SSLContext:
    """Return a context that trusts the certificates of this computer and of Mozilla."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _shut_down(handle: socket.socket) -> None:
    with suppress(OSError):  # already closed
        handle.shutdown(socket.SHUT_RDWR)
