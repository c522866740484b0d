"""Rows as JSON: what is kept is what would be made."""

from operator import attrgetter
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from mockserver.vendor import texts
from mockserver.vendor.columns import Column, of, of_story
from mockserver.vendor.lines import Listing
from mockserver.vendor.rows import Rows
from mockserver.vendor.times import seconds
from mockserver.world.generator.timeline import DAY
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import build

OWN = [
    Column("id", lambda s: s.ids, own=True),
    Column("user", lambda s: s.user_ids, own=True),
    Column("name", lambda s: s.names, own=True),
    Column("digits", lambda s: s.id_digits, own=True, texts=texts.hexadecimal(attrgetter("number_texts"), 14)),
    Column("known", lambda s: s.user_ids, own=True, texts=texts.user_ids),
    Column("began", lambda s: seconds(s.start), own=True, texts=texts.seconds(attrgetter("starts"), b'"0000-00-00T00:00:00"')),
    Column("start", lambda s: s.start, own=True, texts=texts.integers(attrgetter("starts"))),
    Column("seen_by_it", lambda s: s.pageviews, own=True, texts=texts.small_integers(lambda s: np.array(s.pageviews))),
    Column("called", lambda s: s.names, own=True, texts=texts.names),
    Column("email", lambda s: s.emails, own=True, texts=texts.emails),
    Column("plan", lambda s: [said and said["plan"] for said in s.traits], own=True, texts=texts.plans),
    Column("ip", lambda s: s.ips, own=True, texts=texts.ips),
]
FIXED = [
    Column("duration", lambda s: s.duration),
    Column("city", lambda s: [place.city or None for place in s.places]),
    Column("pages", lambda s: [[page.title for page in path] for path in s.paths]),
    of("places", "region", lambda place: place.region or None),
    of("languages", "language", lambda language: language or None),
    of("agents", "screen", lambda agent: [agent.screen_width, agent.screen_height]),
    of("acquisitions", "campaign", lambda acquisition: acquisition.utm_campaign or None),
    of("hostnames", "host", str),
    of_story("entry", lambda s: [page.path for page in s.entries]),
    of_story("exit", lambda s: [page.path for page in s.exits]),
    of_story("seen", lambda s: s.pageviews),
]


@given(
    st.lists(st.sampled_from(OWN + FIXED), unique_by=lambda column: column.name, min_size=1),
    st.booleans(),
    st.sampled_from(["default", "awkward"]),
    st.integers(0, 59),
    st.sampled_from([0, 1, 10]),
)
def test_rows_are_the_columns_values(columns: list[Column], omit: Any, vocabulary: str, position: int, minutes: int) -> None:
    """Any subset of columns, with or without nulls, met once or again, over or running: an object a session with just those values."""
    made = spec(sessions=60, vocabulary=vocabulary)
    site, rows = build(made).sites[0], Rows(columns, omit_none=omit)
    end = made.start + DAY * 60
    since = site.find(Query(), end).page(0, 60).batches[0].start[position]

    for now in (end, since + minutes * 60_000, end):
        batch = site.find(Query(), now).page(0, 60).batches[0]
        wanted = [
            dict(zip([column.name for column in columns], each, strict=True))
            for each in zip(*(c.values(batch) for c in columns), strict=True)
        ]
        expected = [{name: value for name, value in row.items() if value is not None or not omit} for row in wanted]

        assert json.decode(Listing(b"[", rows.lines(batch), b"]").text) == expected
        assert json.decode(Listing(b"[", rows.lines(batch), b"]").text) == expected
