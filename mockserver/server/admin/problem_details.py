"""Error responses of the admin API: problem details with a remedy (RFC 9457)."""

import re
from ast import literal_eval
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from mockserver._util.printable import encodable
from mockserver.admin_schemas.server import Problem
from mockserver.server.http.redaction import Secrets

_STATUSES: Final = {
    "invalid-request": HTTPStatus.BAD_REQUEST,
    "unauthorized": HTTPStatus.UNAUTHORIZED,
    "foreign-request": HTTPStatus.FORBIDDEN,
    "unknown-route": HTTPStatus.NOT_FOUND,
    "unknown-tenant": HTTPStatus.NOT_FOUND,
    "unknown-fault": HTTPStatus.NOT_FOUND,
    "unknown-exchange": HTTPStatus.NOT_FOUND,
    "no-certificates": HTTPStatus.NOT_FOUND,
    "wrong-method": HTTPStatus.METHOD_NOT_ALLOWED,
    "conflict": HTTPStatus.CONFLICT,
    "too-large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "internal-error": HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""HTTP status of each kind of problem."""


class ProblemError(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self, name: str, detail: str, *, routes: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        """Build a problem of the kind *name*; *routes* are listed in its body."""
        super().__init__(detail)
        near = re.search(r"did you mean ('.*'|\".*\")\?", detail)
        self.status = _STATUSES[name]
        self.headers = headers or {}
        self.body = Problem(
            type=f"urn:session-mock:problem:{name}",
            title=name.replace("-", " ").capitalize(),
            status=self.status,
            detail=detail,
            near=literal_eval(near[1]) if near else None,
            routes=list(routes),
        )

    def mask(self, secrets: Secrets) -> "ProblemError":
        """Mask the credentials that the problem quotes from its request, and return it."""
        near = self.body.near and secrets.mask_text(self.body.near, ours=True)
        detail = encodable(secrets.mask_text(self.body.detail, ours=True))
        self.body = replace(self.body, detail=detail, near=near)
        return self


def invalid_request(detail: str) -> ProblemError:
    return ProblemError("invalid-request", detail)
