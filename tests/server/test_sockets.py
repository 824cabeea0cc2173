"""Answers are sent at once."""

from __future__ import annotations

import socket
import sys

import pytest

from cluster_core.server.sockets import send_all_at_once


@pytest.mark.skipif(sys.platform == "win32", reason="the app does not run on Windows")
def test_connections_of_any_listening_socket_send_without_waiting():
    with (
        socket.socket() as listening,
        socket.socket(socket.AF_UNIX) as other,
    ):
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        send_all_at_once()
        with socket.create_connection(listening.getsockname()), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert other.fileno() > 0
