"""What the admin API answers when something stands in the way: a problem with its remedy (RFC 9457)."""

import re
from ast import literal_eval
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from mockserver import admin_schemas as steering
from mockserver._util.printable import encodable
from mockserver.server.http.redaction import Secrets

_STATUSES: Final = {
    "invalid-request": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "foreign-request": HTTPStatus.FORBIDDEN,
    "unknown-route": HTTPStatus.NOT_FOUND,
    "unknown-tenant": HTTPStatus.NOT_FOUND,
    "unknown-fault": HTTPStatus.NOT_FOUND,
    "unknown-exchange": HTTPStatus.NOT_FOUND,
    "wrong-method": HTTPStatus.METHOD_NOT_ALLOWED,
    "conflict": HTTPStatus.CONFLICT,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "internal-error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""Every kind of problem there is."""
_MOST_KNOWN = 20
"""Words that a remedy lists at most."""


class Problem(Exception):
    """A request that cannot be done, by the name of the kind of problem."""

    def __init__(
        self, name: str, detail: str, *, routes: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        near = re.search(r"did you mean ('.*'|\".*\")\?", detail)
        self.status, self.headers = _STATUSES[name], headers or {}
        self.told = steering.Problem(
            type=f"urn:session-mock:problem:{name}",
            title=name.replace("-", " ").capitalize(),
            status=self.status,
            detail=detail,
            near=literal_eval(near[1]) if near else None,
            routes=list(routes),
        )

    def masked(self, found: Secrets) -> "Problem":
        """Mask the credentials that the problem repeats of its request."""
        near = self.told.near and found.text(self.told.near, ours=True)
        self.told = replace(self.told, detail=encodable(found.text(self.told.detail, ours=True)), near=near)
        return self


def invalid(detail: str) -> Problem:
    """The problem of a request that says something impossible."""
    return Problem("invalid-request", detail)


def suggest(word: object, known: Iterable[str]) -> str:
    """The remedy for a word that names nothing: the nearest that does, or those there are."""
    words = list(known)
    near = get_close_matches(str(word), words, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = ["…"] if len(words) > _MOST_KNOWN else []
    return f"known are {', '.join(words[:_MOST_KNOWN] + more) or 'none'}"
