"""Send each answer at once.

asyncio turns off Nagle's algorithm only for sockets that were made with the protocol TCP, which
uvicorn and Streamlit leave open. The body of an answer, which is written after its head, then waits
for the client to acknowledge the head: 40 ms on Linux, for each request on a connection kept open.
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress

_MAX_DESCRIPTORS = 256


def send_at_once(listening: socket.socket) -> None:
    """Let the connections that a listening socket accepts send without waiting."""
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def send_all_at_once() -> None:
    """Do so for all listening sockets of this process, however they were made."""
    for descriptor in range(_MAX_DESCRIPTORS):
        with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as found:  # if it is one
            if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                send_at_once(found)
