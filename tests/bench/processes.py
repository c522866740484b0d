"""Servers in processes of their own, and their processor time and resident memory as Linux counts them."""

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


class Server:
    """A process that serves HTTP on a port."""

    def __init__(self, process: "subprocess.Popen[str]", port: int, description: dict[str, Any]) -> None:
        self.process = process
        self.port = port
        self.description = description
        """The JSON that the mock prints when it is ready; empty for the bare server."""
        self.url = f"http://127.0.0.1:{port}"

    def processor_seconds(self) -> float:
        """Return the seconds of processor time that the server has used, as soon as it sleeps.

        Linux counts the time of a running process late.
        """
        state = Path(f"/proc/{self.process.pid}/stat")
        while state.read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "R":
            pass  # As in the client, waking up would cost the server processor time.
        schedule = Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="utf-8")
        return int(schedule.split()[0]) / 1e9

    def resident(self) -> int:
        """Return the bytes of resident memory."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="utf-8").split()[1]
        return int(pages) * os.sysconf("SC_PAGESIZE")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(process: "subprocess.Popen[str]", port: int) -> None:
    """Send requests until the server responds; raises ``RuntimeError`` if it has ended."""
    while process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except ConnectionError:
            time.sleep(0.002)
        else:
            return
        finally:
            connection.close()
    raise RuntimeError(f"the server ended with code {process.returncode}")


@contextmanager
def run_server(command: Sequence[str], port: int) -> Iterator[Server]:
    """Run a server; its log is shown only if the server or the caller fails."""
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as log,
        subprocess.Popen(
            [sys.executable, *command], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            description = {}
            if "--json" in command and process.stdout is not None:
                description = json.loads(process.stdout.readline() or "{}")
            wait_until_ready(process, port)
            yield Server(process, port, description)
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read()[-10_000:])
            raise
        finally:
            process.terminate()


def bare(body: Path) -> Any:
    """Run the bare aiohttp server, which sends the bytes of a file."""
    port = free_port()
    return run_server([str(HERE / "bare.py"), str(body), str(port)], port)


def mock(*options: str) -> Any:
    """Run the mock."""
    port = free_port()
    return run_server(["-m", "mockserver", "serve", "--json", "--port", str(port), *options], port)
