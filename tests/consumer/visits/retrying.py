"""Requests that are tried again when the service asks for it, or fails."""

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


class Answer(Protocol):
    """What the two HTTP libraries have in common."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    def json(self) -> Any:
        """The body."""


class GaveUp(Exception):
    """No good answer came, however often it was asked for."""


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def now() -> float:
    """The time, in Unix seconds."""
    return time.time()  # noqa: TID251 -- a project of its own, which knows the real time


def ask(send: Callable[[], Answer]) -> Any:
    """Send a request until it is answered well, and return the answer's JSON; raises :class:`GaveUp`."""
    last, wait = "", 0.0
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(wait)
        wait = 2.0**attempt
        try:
            answer = send()
            if answer.status_code not in AGAIN:
                return _read(answer)
            last, wait = f"status {answer.status_code}", _told(answer.headers, wait)
        except PASSING as error:
            last = type(error).__name__
        except requests.JSONDecodeError:
            last = "no JSON"
    raise GaveUp(f"{ATTEMPTS} attempts, the last: {last}")


def _read(answer: Answer) -> Any:
    if answer.status_code >= 400:
        raise GaveUp(f"status {answer.status_code}: {answer.json()}")
    try:
        return answer.json()
    except ValueError:
        raise requests.JSONDecodeError("no JSON", "", 0) from None


def _told(headers: Mapping[str, str], otherwise: float) -> float:
    """How long an answer says to wait."""
    if "Retry-After" in headers:
        return float(headers["Retry-After"])
    if "X-RateLimit-Reset" in headers:
        return max(float(headers["X-RateLimit-Reset"]) - now(), 0)
    return otherwise
