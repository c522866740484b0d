"""Raw data of sessions, to compare with what vendors return."""

from typing import Any

from msgspec import to_builtins

from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Page

_COLUMNS = ("start", "duration", "inactive", "pageviews", "custom_events", "outbounds", "errors")
_VISITOR_COLUMNS = {
    "user_id": "user_ids",
    "name": "names",
    "email": "emails",
    "tags": "tags",
    "traits": "traits",
}
_SESSION_COLUMNS = {"ip": "ips", "language": "languages", "hostname": "hostnames"}
_RECORD_COLUMNS = {"place": "places", "agent": "agents", "acquisition": "acquisitions"}
_KINDS = ("person", "bot", "tracked", "imported")


def described(batch: SessionBatch) -> list[dict[str, Any]]:
    """Describe each session of a batch; instants and durations are in milliseconds."""
    return [_described(batch, place) for place in range(len(batch))]


def _described(batch: SessionBatch, place: int) -> dict[str, Any]:
    session: dict[str, Any] = {
        "number": batch.ids[place],
        "visitor": batch.visitors[place],
        "kind": _KINDS[batch.kind],
    }
    session |= {name: getattr(batch, name)[place] for name in _COLUMNS}
    session |= {
        name: getattr(batch, column)[place]
        for name, column in {**_VISITOR_COLUMNS, **_SESSION_COLUMNS}.items()
    }
    for name, column in _RECORD_COLUMNS.items():
        session[name] = {
            field: value
            for field, value in to_builtins(getattr(batch, column)[place]).items()
            if field != "weight"
        }
    session["entry"], session["exit"] = _page(batch.entries[place]), _page(batch.exits[place])
    return {**session, "pages": [_page(page) for page in batch.paths[place]]}


def _page(page: Page) -> str:
    return page.path + page.querystring
