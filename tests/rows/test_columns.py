"""Columns of a row."""

from mockserver.rows.columns import Column, entry_column
from mockserver.world.model.query import Query
from mockserver.world.model.spec import DEFAULT_END, spec
from mockserver.world.world import build


def test_entry_column_returns_a_value_for_each_session() -> None:
    """Each value is computed from the session's own entry."""
    batch = build(spec(sessions=30)).sites[0].find(Query(), DEFAULT_END).page(0, 30).batches[0]
    column = entry_column("town", "places", lambda place: place.city.upper())

    assert (column.name, column.own) == ("town", False)
    assert list(column.values(batch)) == [place.city.upper() for place in batch.places]
    assert len({*column.values(batch)}) > 1


def test_column_is_shared_by_the_sessions_of_an_archetype_by_default() -> None:
    """A column is an own column only if declared so."""
    assert not Column("name", lambda sessions: sessions.names).own
