"""What a route's handler asks and answers, read from its annotations."""

import inspect
from functools import cache
from typing import Any, get_type_hints

from mockserver.server.admin.call import Route


@cache
def _hints(handler: Any) -> dict[str, Any]:
    return get_type_hints(handler, include_extras=True)


def asked(route: Route) -> dict[str, Any]:
    """The types of ``body`` and ``query``, as far as the handler wants them."""
    return {name: hint for name, hint in _hints(route.handler).items() if name in ("body", "query")}


def answered(route: Route) -> Any:
    """The type of what the handler answers."""
    return _hints(route.handler)["return"]


def summary(route: Route) -> str:
    """What the handler does, in a sentence."""
    return (inspect.getdoc(route.handler) or "").partition("\n")[0]
