"""Following a journal, and ending a command that prints as it goes."""

import json
import signal
from contextlib import suppress
from typing import Any

import pytest

from mockserver.admin_schemas.journals import JournalPage
from mockserver.cli.admin import tail
from mockserver.cli.admin.tail import follow_journal
from tests.cli.conftest import PAIR, Shell

Stage = list[tuple[int, int]]
"""Exchanges as pairs of number and status; status 0 is an open one."""


class NoMoreStagesError(Exception):
    """The last stage has been read."""


class GrowingJournal:
    """A journal that goes to its next stage at each pause."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *stages: Stage) -> None:
        self.stages = list(stages)
        monkeypatch.setattr(tail, "sleep", self.pause)

    def read(self, after: int = 0, limit: int = 100, status: int | None = None) -> JournalPage:
        """Return a page, as the admin API does."""
        stage = self.stages[0]
        matching = [exchange for exchange in stage if exchange[0] > after and status in (None, exchange[1])]
        shown = [
            {"number": number, "duration_ms": 1.0 if ended else None} for number, ended in matching[:limit]
        ]
        return JournalPage(
            exchanges=shown, matched=len(matching), kept=len(stage), count=max(dict(stage), default=0)
        )

    def pause(self, seconds: float) -> None:
        """Go to the next stage."""
        assert seconds == tail.PAUSE
        self.stages.pop(0)
        if not self.stages:
            raise NoMoreStagesError

    def followed(self, **filters: Any) -> list[int]:
        """Return the numbers of the exchanges that were yielded up to the last stage."""
        numbers: list[int] = []
        with suppress(NoMoreStagesError):
            for exchange in follow_journal(self.read, **filters):
                numbers.append(exchange["number"])  # noqa: PERF401 -- the exception ends the loop
        return numbers


def test_follow_exchange_is_yielded_once_after_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slow exchange comes late and does not delay later ones."""
    stages: list[Stage] = [
        [(1, 200)],
        [(1, 200), (2, 0)],
        [(1, 200), (2, 0), (3, 200)],
        [(2, 0), (3, 200), (4, 0)],
        [(2, 200), (3, 200), (4, 200)],
    ]

    assert GrowingJournal(monkeypatch, *stages).followed() == [1, 3, 2, 4]
    assert GrowingJournal(monkeypatch, *stages).followed(after=2) == [3, 4]


def test_follow_exchange_that_matches_filter_only_at_its_end_is_yielded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An open exchange has no status yet; a later one that was yielded does not hide it."""
    stages: list[Stage] = [
        [(1, 200), (2, 0), (3, 503)],
        [(1, 200), (2, 0), (3, 503), (4, 200)],
        [(2, 503), (3, 503), (4, 200), (5, 503)],
    ]

    assert GrowingJournal(monkeypatch, *stages).followed(status=503) == [3, 2, 5]


def test_follow_cleared_journal_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanges whose numbers were used before are other exchanges."""
    stages: list[Stage] = [[(1, 200), (2, 200)], [(1, 404)], [(1, 404), (2, 404)]]

    assert GrowingJournal(monkeypatch, *stages).followed() == [1, 2, 1, 2]


def test_follow_with_limit_ends_without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    assert GrowingJournal(monkeypatch, [(1, 200), (2, 200), (3, 200)]).followed(limit=2) == [1, 2]


@pytest.mark.usefixtures("usual_signals")
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["people", "json"])
def test_journal_follow_prints_line_per_exchange_until_ctrl_c(more: list[str], admin: Shell) -> None:
    """The line appears while the command runs; Ctrl-C ends it silently with 130."""
    with admin.start("journal", "follow", *more) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        admin.request_sessions()
        first = process.stdout.readline()
        admin.request_sessions()
        second = process.stdout.readline()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=5) == 130
        assert process.stdout.read() + process.stderr.read() == ""
    if more:
        assert [json.loads(line)["number"] for line in (first, second)] == [1, 2]
    else:
        assert first.split()[0] == "1"
        assert f"{PAIR[0].name} {PAIR[1].name}" in second
