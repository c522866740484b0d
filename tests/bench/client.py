"""A client that uses little processor time.

Requests built beforehand, few kept-alive connections, unparsed responses.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Final

WIDTH: Final = 8
"""Number of concurrent requests."""


class Connection:
    """A kept-alive connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def _receive_some(self, limit: int) -> bytes:
        # Busy waiting: waking up a sleeping client would be charged to the server's processor time.
        while True:
            try:
                return self._socket.recv(limit, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue

    def receive(self) -> bytes:
        """Return the body of a response; raises ``RuntimeError`` if its status is not 200."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive_some(1 << 16)
        head = data[:end].lower()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(data[:500])
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts = [data[end + 4 :]]
        missing = length - len(parts[0])
        while missing:
            parts.append(self._receive_some(min(missing, 1 << 18)))
            missing -= len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def exchange(port: int, requests: Iterator[bytes], count: int, width: int = WIDTH) -> int:
    """Send *count* requests, *width* at a time, and return the number of bytes received."""
    connections = [Connection(port) for _ in range(width)]
    received = 0
    for connection, request in zip(connections, islice(requests, width), strict=True):
        connection.send(request)
    for number, connection in enumerate(islice(cycle(connections), count)):
        received += len(connection.receive())
        if number < count - width:
            connection.send(next(requests))
    for connection in connections:
        connection.close()
    return received


def time_each(port: int, requests: Sequence[bytes]) -> list[float]:
    """Send one request after the other and return the seconds until each response is complete."""
    connection = Connection(port)
    durations = []
    for request in requests:
        begun = time.perf_counter()
        connection.send(request)
        connection.receive()
        durations.append(time.perf_counter() - begun)
    connection.close()
    return durations
