"""Columns of a row."""

from mockserver.rows.columns import Column, entry_column
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.world import build


def test_entry_column_returns_value_of_each_session() -> None:
    batch = build(spec(sessions=30)).sites[0].find(Query(), DEFAULT_END).page(0, 30).batches[0]
    column = entry_column("town", "places", lambda place: place.city.upper())

    assert (column.name, column.own) == ("town", False)
    assert list(column.values(batch)) == [place.city.upper() for place in batch.places]
    assert len({*column.values(batch)}) > 1


def test_column_is_not_own_by_default() -> None:
    assert not Column("name", lambda sessions: sessions.names).own
