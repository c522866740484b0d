"""A journal as it grows, and how a command that prints live is ended."""

import json
import signal
from contextlib import suppress
from typing import Any

import pytest

from mockserver.cli.admin import follow as module
from mockserver.cli.admin.follow import follow
from mockserver.steering import JournalPage
from tests.cli.conftest import PAIR, Shell

Stage = list[tuple[int, int]]
"""Exchanges with their numbers and their statuses; 0 is one that has not ended."""


class AllSeenError(Exception):
    """There is no next stage."""


class Growing:
    """A journal that is at its next stage whenever somebody has paused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *stages: Stage) -> None:
        self.stages = list(stages)
        monkeypatch.setattr(module, "sleep", self.pause)

    def read(self, after: int = 0, limit: int = 100, status: int | None = None) -> JournalPage:
        """A page, as the admin API gives it."""
        stage = self.stages[0]
        found = [each for each in stage if each[0] > after and status in (None, each[1])]
        shown = [{"number": number, "took_ms": 1.0 if ended else None} for number, ended in found[:limit]]
        return JournalPage(exchanges=shown, matched=len(found), kept=len(stage), count=max(dict(stage), default=0))

    def pause(self, seconds: float) -> None:
        """Go to the next stage."""
        assert seconds == module.PAUSE
        self.stages.pop(0)
        if not self.stages:
            raise AllSeenError

    def seen(self, **filters: Any) -> list[int]:
        """The numbers of the exchanges that are told until the last stage has been seen."""
        found: list[int] = []
        with suppress(AllSeenError):
            for exchange in follow(self.read, **filters):
                found.append(exchange["number"])  # noqa: PERF401 -- those before the end are kept
        return found


def test_each_exchange_is_told_once_when_it_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that takes long is told late, and does not hold up those after it."""
    stages: list[Stage] = [
        [(1, 200)],
        [(1, 200), (2, 0)],
        [(1, 200), (2, 0), (3, 200)],
        [(2, 0), (3, 200), (4, 0)],
        [(2, 200), (3, 200), (4, 200)],
    ]

    assert Growing(monkeypatch, *stages).seen() == [1, 3, 2, 4]
    assert Growing(monkeypatch, *stages).seen(after=2) == [3, 4]


def test_what_passes_a_filter_only_once_it_has_ended_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open exchange has no status yet: a later one that is told does not hide it."""
    stages: list[Stage] = [[(1, 200), (2, 0), (3, 503)], [(1, 200), (2, 0), (3, 503), (4, 200)], [(2, 503), (3, 503), (4, 200), (5, 503)]]

    assert Growing(monkeypatch, *stages).seen(status=503) == [3, 2, 5]


def test_a_journal_that_was_cleared_is_followed_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that come again are other exchanges."""
    assert Growing(monkeypatch, [(1, 200), (2, 200)], [(1, 404)], [(1, 404), (2, 404)]).seen() == [1, 2, 1, 2]


def test_a_limit_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many exchanges are told, and nothing is waited for."""
    assert Growing(monkeypatch, [(1, 200), (2, 200), (3, 200)]).seen(limit=2) == [1, 2]


@pytest.mark.parametrize("more", [[], ["--json"]], ids=["people", "json"])
def test_follow_prints_a_line_as_an_exchange_ends_until_ctrl_c(more: list[str], admin: Shell) -> None:
    """The line is there while the command runs; Ctrl-C ends it with 130 and without a word."""
    with admin.start("journal", "--follow", *more) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        admin.visit()
        first = process.stdout.readline()
        admin.visit()
        second = process.stdout.readline()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=5) == 130
        assert process.stdout.read() + process.stderr.read() == ""
    if more:
        assert [json.loads(line)["number"] for line in (first, second)] == [1, 2]
    else:
        assert first.split()[0] == "1"
        assert f"{PAIR[0].name} {PAIR[1].name}" in second


@pytest.mark.parametrize("words", [f"truth {PAIR[0].name} {PAIR[1].name}", "fault-kinds", "openapi"])
def test_a_closed_pipe_is_no_error(words: str, admin: Shell) -> None:
    """Whoever reads has enough, as with `| head -0`, and nothing is said of it."""
    with admin.start(*words.split()) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()

        assert process.stderr.read() == ""
        assert process.wait(timeout=5) in (0, 1)
