"""Connections to public servers, made to the very IP address that was checked."""

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

from cluster_core.data.web.addresses import IPAddress, WebAddress, find_public_ips

MAX_IPS = 4


class PublicConnections:
    """Opens connections for several threads at once, and can cut all of them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._handles: set[socket.socket] = set()
        self.closed = threading.Event()

    def close(self) -> None:
        """Cut every connection; whoever waits for one wakes up."""
        self.closed.set()
        with self._lock:
            for handle in self._handles:
                _hang_up(handle)

    @contextmanager
    def open(
        self, address: WebAddress, end_s: float, connect_s: float, silence_s: float
    ) -> Iterator[socket.socket]:
        """Give a connection to a server, encrypted where its address begins with https.

        Parameters
        ----------
        address : WebAddress
            Where to. It is looked up here, and nowhere else.
        end_s : float
            When the connection is cut, by `time.monotonic`: a server that sends a byte
            now and then would else be listened to for ever.
        connect_s, silence_s : float
            How long a server may take to answer the call, and to send anything.

        Raises
        ------
        DownloadError
            There is no such server, or it is not on the public internet.
        OSError
            It cannot be reached, or does not prove its name.
        """
        with _dial(find_public_ips(address), address.port, connect_s) as plain:
            plain.settimeout(silence_s)
            with self._cutting_at(end_s, plain):
                if address.scheme == "http":
                    yield plain
                    return
                with _trust().wrap_socket(plain, server_hostname=address.host) as encrypted:
                    yield encrypted

    @contextmanager
    def _cutting_at(self, end_s: float, connection: socket.socket) -> Iterator[None]:
        # The same connection under a second number: encryption takes the first one away.
        handle = connection.dup()
        timer = threading.Timer(max(0, end_s - time.monotonic()), _hang_up, [handle])
        timer.daemon = True
        with self._lock:
            self._handles.add(handle)
        timer.start()
        try:
            if self.closed.is_set():
                _hang_up(handle)
            yield
        finally:
            timer.cancel()
            with self._lock:
                self._handles.discard(handle)
            handle.close()


def _dial(ips: tuple[IPAddress, ...], port: int, timeout_s: float) -> socket.socket:
    trouble = OSError()
    for ip in ips[:MAX_IPS]:
        family = socket.AF_INET6 if isinstance(ip, IPv6Address) else socket.AF_INET
        try:
            connection = socket.socket(family, socket.SOCK_STREAM)
        except OSError as error:  # a computer without IPv6
            trouble = error
            continue
        try:
            connection.settimeout(timeout_s)
            connection.connect((str(ip), port))
        except OSError as error:
            connection.close()
            trouble = error
        else:
            return connection
    raise trouble


@functools.cache
def _trust() -> ssl.SSLContext:
    """Return what checks certificates: this computer's list, and Mozilla's where it has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _hang_up(handle: socket.socket) -> None:
    with suppress(OSError):  # over already
        handle.shutdown(socket.SHUT_RDWR)
