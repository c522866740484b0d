"""Edges of time windows as the fields of an endpoint have them."""

from datetime import UTC, datetime

from mockserver.contract.endpoint import Endpoint


def format_edge(endpoint: Endpoint, instant: int) -> int | str:
    """Return an instant as Unix seconds or as a date, as in the parameters that select all rows."""
    if {"{start}", "{end}"} & set(map(str, endpoint.all_rows_params.values())):
        return instant // 1000
    return datetime.fromtimestamp(instant / 1000, UTC).date().isoformat()
