"""Digests of worlds; ``python -m tests.world.digest`` computes them in another process."""

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


def batch_rows(sessions: SessionBatch) -> list[tuple[Any, ...]]:
    """Return every column and the events of each session of a batch."""
    list_stories = [sessions.list_events(position) for position in range(len(sessions))]
    return list(zip(*(getattr(sessions, name) for name in COLUMNS), list_stories, strict=True))


def page_rows(page: Page) -> list[tuple[Any, ...]]:
    """Return every column and the events of each session of a page, in its order."""
    return list(page.map_rows(batch_rows))


def hash_values(values: Iterable[Any]) -> str:
    """Return the digest of values."""
    return sha256(json.encode(list(values))).hexdigest()


def hash_site(site: Site, now: int, *, bots: bool = True) -> str:
    """Return the digest of a site: its hosts, its first 200 sessions in pages, and 50 from the middle."""
    found = site.find(Query(bots=bots), now)
    pages = [found.page(offset, _SIZE) for offset in (0, _SIZE, 2 * _SIZE, 3 * _SIZE, found.total // 2)]
    return hash_values([site.hostnames, found.total, *(page_rows(page) for page in pages)])


def hash_specs(specs: Sequence[WorldSpec]) -> list[str]:
    """Return the digests of all sites of some worlds."""
    nows = [LATER if spec.end is not None else spec.start + 40 * 86_400_000 for spec in specs]
    return [hash_site(site, now) for spec, now in zip(specs, nows, strict=True) for site in build(spec).sites]


if __name__ == "__main__":
    sys.stdout.buffer.write(
        json.encode(hash_specs(json.decode(sys.stdin.buffer.read(), type=list[WorldSpec])))
    )
