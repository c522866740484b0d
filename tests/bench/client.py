"""A client that costs little: requests made beforehand, sent over a few kept connections, answers only counted."""

import socket
import time
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Final

WIDTH: Final = 8
"""How many requests are under way at a time."""


class Connection:
    """One kept connection, read just as far as its answers go."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        """Send a request."""
        self._socket.sendall(request)

    def _some(self, most: int) -> bytes:
        """Receive what there is, without ever sleeping: to wake a client up is work that the server's time would be charged with."""
        while True:
            try:
                return self._socket.recv(most, socket.MSG_DONTWAIT)
            except BlockingIOError:
                continue

    def receive(self) -> bytes:
        """Receive an answer: its body; raises where the status is not 200."""
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._some(1 << 16)
        head = data[:end].lower()
        if b" 200 " not in head.partition(b"\r\n")[0]:
            raise RuntimeError(data[:500])
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        parts, missing = [data[end + 4 :]], length - len(data) + end + 4
        while missing:
            parts.append(self._some(min(missing, 1 << 18)))
            missing -= len(parts[-1])
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def exchange(port: int, requests: Iterator[bytes], count: int, width: int = WIDTH) -> int:
    """Send requests, ``width`` at a time, and return the number of bytes received."""
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


def one_by_one(port: int, requests: Sequence[bytes]) -> list[float]:
    """Seconds until each answer is there, one request after the other."""
    connection, took = Connection(port), []
    for request in requests:
        begun = time.perf_counter()
        connection.send(request)
        connection.receive()
        took.append(time.perf_counter() - begun)
    connection.close()
    return took
