"""Servers in processes of their own, and what they cost: processor seconds and resident memory, as Linux counts them."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Server:
    """A process that serves HTTP on a port."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, described: dict[str, Any]) -> None:
        self.process, self.port, self.described, self.url = (
            process,
            port,
            described,
            f"http://127.0.0.1:{port}",
        )

    def processor_seconds(self) -> float:
        """Seconds of processor time the server has used, its own and the system's for it."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="utf-8").split()[0]) / 1e9

    def resident(self) -> int:
        """Bytes of resident memory."""
        return int(
            Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1]
        ) * os.sysconf("SC_PAGESIZE")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(port: int, path: str = "/") -> None:
    """Ask until the server answers."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", path)
            connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.002)
        else:
            return
        finally:
            connection.close()


@contextmanager
def serving(command: Sequence[str], port: int, *, quiet: bool = False) -> Iterator[Server]:
    """Run a server and stop it at the end; with ``quiet``, its log is not shown."""
    errors = subprocess.DEVNULL if quiet else None
    with subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=errors, text=True
    ) as process:
        try:
            described = {}
            if "--json" in command and process.stdout is not None:
                described = json.loads(process.stdout.readline())
            wait(port)
            yield Server(process, port, described)
        finally:
            process.terminate()


def bare(body: Path) -> Any:
    """The yardstick, answering with a file's bytes."""
    port = free_port()
    return serving([str(HERE / "bare.py"), str(body), str(port)], port)


def mock(*options: str, quiet: bool = False) -> Any:
    """The mock."""
    port = free_port()
    return serving(["-m", "mockserver", "serve", "--json", "--port", str(port), *options], port, quiet=quiet)


def unkept(entries: str, *options: str) -> Any:
    """The mock with journals of so many entries, or, with ``none``, without any journal."""
    port = free_port()
    return serving([str(HERE / "unkept.py"), entries, "serve", "--json", "--port", str(port), *options], port)
