"""Requests that are retried when the service demands it or fails."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import httpx
import requests

ATTEMPTS = 4
TIMEOUT = 5.0
AGAIN = frozenset({429, 500, 502, 503, 504})
PASSING = (
    httpx.TransportError,
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)


class Response(Protocol):
    """The common interface of both HTTP libraries."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    def json(self) -> Any:
        """Return the body."""


class GaveUp(Exception):
    """Raised when every attempt has failed."""


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def now() -> float:
    """Return the time, in Unix seconds."""
    return time.time()  # noqa: TID251 -- a separate project, which uses the real time


def ask(send: Callable[[], Response]) -> Any:
    """Send a request until it succeeds, and return the JSON of the response; raises :class:`GaveUp`."""
    last = ""
    wait = 0.0
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(wait)
        wait = 2.0**attempt
        try:
            response = send()
            if response.status_code not in AGAIN:
                return _read(response)
            last = f"status {response.status_code}"
            wait = _seconds_to_wait(response.headers, wait)
        except PASSING as error:
            last = type(error).__name__
        except requests.JSONDecodeError:
            last = "no JSON"
    raise GaveUp(f"{ATTEMPTS} attempts, the last: {last}")


def _read(response: Response) -> Any:
    if response.status_code >= 400:
        raise GaveUp(f"status {response.status_code}: {response.json()}")
    try:
        return response.json()
    except ValueError:
        raise requests.JSONDecodeError("no JSON", "", 0) from None


def _seconds_to_wait(headers: Mapping[str, str], default: float) -> float:
    if "Retry-After" in headers:
        return float(headers["Retry-After"])
    if "X-RateLimit-Reset" in headers:
        return max(float(headers["X-RateLimit-Reset"]) - now(), 0)
    return default
