"""Sessions in the world's own words, for whoever compares what vendors tell of them."""

from typing import Any

from msgspec import to_builtins

from mockserver.world.model.session_batch import SessionBatch
from mockserver.world.model.vocabulary import Page

_COLUMNS = ("start", "duration", "inactive", "pageviews", "custom_events", "outbounds", "errors")
_PERSONS = {"user_id": "user_ids", "name": "names", "email": "emails", "tags": "tags", "traits": "traits"}
_OWN = {"ip": "ips", "language": "languages", "hostname": "hostnames"}
_RECORDS = {"place": "places", "agent": "agents", "acquisition": "acquisitions"}
_KINDS = ("person", "bot", "tracked")


def described(batch: SessionBatch) -> list[dict[str, Any]]:
    """Describe each session of a batch; instants and durations are in milliseconds."""
    return [_described(batch, place) for place in range(len(batch))]


def _described(batch: SessionBatch, place: int) -> dict[str, Any]:
    told: dict[str, Any] = {
        "number": batch.ids[place],
        "visitor": batch.visitors[place],
        "kind": _KINDS[batch.kind],
    }
    told |= {name: getattr(batch, name)[place] for name in _COLUMNS}
    told |= {name: getattr(batch, column)[place] for name, column in {**_PERSONS, **_OWN}.items()}
    for name, column in _RECORDS.items():
        told[name] = {
            field: value
            for field, value in to_builtins(getattr(batch, column)[place]).items()
            if field != "weight"
        }
    told["entry"], told["exit"] = _page(batch.entries[place]), _page(batch.exits[place])
    return {**told, "pages": [_page(page) for page in batch.paths[place]]}


def _page(page: Page) -> str:
    return page.path + page.querystring
