"""Everything that worlds say, as digests: worlds are compared between processes by ``python -m tests.world.digest``."""

import sys
from collections.abc import Iterable, Sequence
from hashlib import sha256
from inspect import get_annotations
from typing import Any, Final

from msgspec import json

from mockserver.world.generator.query_result import Page
from mockserver.world.model.query import Query
from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.spec import WorldSpec
from mockserver.world.world import Site, build

LATER: Final = 8_000_000_000_000
"""An instant (in 2223) at which every session of every exact world is over."""
COLUMNS: Final = (
    *(name for name in get_annotations(SessionBatch) if name != "kind"),
    "end",
    "events",
    "bounces",
)
_SIZE: Final = 50


def lines(sessions: SessionBatch) -> list[tuple[Any, ...]]:
    """What a batch says of each of its sessions: every column, and the story."""
    stories = [sessions.list_events(position) for position in range(len(sessions))]
    return list(zip(*(getattr(sessions, name) for name in COLUMNS), stories, strict=True))


def told(page: Page) -> list[tuple[Any, ...]]:
    """What a page says of each of its sessions, in its order."""
    return list(page.map_rows(lines))


def of(values: Iterable[Any]) -> str:
    """The digest of values."""
    return sha256(json.encode(list(values))).hexdigest()


def of_site(site: Site, now: int, *, bots: bool = True) -> str:
    """The digest of a site: its hosts, its first 200 sessions, asked in pages, and 50 from the middle."""
    found = site.find(Query(bots=bots), now)
    pages = [found.page(offset, _SIZE) for offset in (0, _SIZE, 2 * _SIZE, 3 * _SIZE, found.total // 2)]
    return of([site.hostnames, found.total, *(told(page) for page in pages)])


def of_specs(specs: Sequence[WorldSpec]) -> list[str]:
    """The digests of all sites of some worlds."""
    nows = [LATER if spec.end is not None else spec.start + 40 * 86_400_000 for spec in specs]
    return [of_site(site, now) for spec, now in zip(specs, nows, strict=True) for site in build(spec).sites]


if __name__ == "__main__":
    sys.stdout.buffer.write(json.encode(of_specs(json.decode(sys.stdin.buffer.read(), type=list[WorldSpec]))))
