"""The mock, but for what a journal costs: its journals keep fewer entries, or there are none at all."""

import sys
from typing import Any

from mockserver.cli.main import main
from mockserver.server import handler
from mockserver.server.journal.journal import BYTES, Exchange, Journal


def _passed_over(journal: Journal, exchange: Exchange) -> Exchange:  # noqa: ARG001 -- the signature of what it stands for
    return exchange


def _nothing(*_: Any) -> None:
    pass


if __name__ == "__main__":
    entries = sys.argv.pop(1)
    if entries == "none":
        Journal.open = _passed_over  # type: ignore[method-assign, assignment]
        Journal.close = _nothing  # type: ignore[method-assign, assignment]
        vars(handler).update(review=_nothing)
    else:
        Journal.__init__.__defaults__ = (int(entries), BYTES)
    main()
