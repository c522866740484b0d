"""The fault that changes the fields of some rows, as a vendor does that changes its API."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache
from itertools import chain
from typing import Annotated, Any, ClassVar, Final, Literal, get_args, get_origin

from msgspec import UNSET, Meta, Struct, json
from msgspec.structs import replace

from mockserver._util.json_paths import get_at, set_at
from mockserver._util.suggest import suggest
from mockserver.contract.endpoint import Endpoint
from mockserver.contract.validation import fields
from mockserver.reconcile import row_key_function
from mockserver.server.faults.base import OK, Fault, FaultContext
from mockserver.server.http.response import Response
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.vendors import load_dialects
from mockserver.vendors.base import Vendor
from mockserver.world.model.hashing import key

Change = Literal["missing", "null_value", "type", "unknown", "enum"]

_NEW_TEXT: Final = "new_value"
_OTHER_TYPES: Final[tuple[tuple[type, Callable[[Any], Any]], ...]] = (
    (bool, lambda value: "true" if value else "false"),  # Before int, of which it is a subclass.
    (int, str),
    (float, str),
    (str, len),
    (list, lambda value: {str(index): item for index, item in enumerate(value)}),
    (dict, lambda value: list(value.values())),
)
"""The functions that replace a value of each type by default."""


class Schema(Fault, frozen=True, kw_only=True, tag="schema"):
    """Change a field of some rows, as a vendor does that changes its API.

    Which rows change follows from the seed, the fault and the key of the row: it is the same on every page
    and with every page size. The expected rows allow changed rows in both forms, and do not require them: a
    client may keep or skip them.
    """

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "kind": "schema",
        "field": "risk_score",
        "change": "unknown",
        "value": 0.5,
        "share": 1,
    }

    field: Annotated[str, Meta(min_length=1)]
    """Dotted path of the field in the row, also through lists: ``events.name``."""
    change: Change
    """``missing``: the row lacks the field; ``null_value``: it is null; ``type``: its value has another type;
    ``unknown``: the row has a field that the vendor does not document; ``enum``: its text is a new one."""
    value: Any = UNSET
    """With ``type``, ``unknown`` and ``enum``: the new value."""
    share: Annotated[float, Meta(ge=0, le=1)] = 0.1
    """The share of rows that change."""

    def check(self) -> None:
        """Check also that the rows of one of the endpoints that the fault names have such a field."""
        super().check()
        if self.value is not UNSET and self.change in ("missing", "null_value"):
            raise FaultError(f"schema: the change {self.change} takes no value; remove `value`")
        if self.change == "enum" and not isinstance(self.value, str) and self.value is not UNSET:
            raise FaultError(
                f"schema: value {self.value!r} is not a text, as the change `enum` needs; use `type`"
            )
        endpoints = [
            (vendor, endpoint)
            for vendor in load_dialects()
            for endpoint in vendor.contract.endpoints
            if self.vendor in (None, vendor.name) and self.endpoint in (None, endpoint.name)
        ]
        if any(self._applies_to_rows(vendor, endpoint) for vendor, endpoint in endpoints):
            return
        names = set(chain.from_iterable(row_fields(vendor, endpoint.name) for vendor, endpoint in endpoints))
        if not names:
            raise FaultError(f"schema: {self.endpoint!r} returns no rows; name another endpoint")
        if self.change == "unknown":
            raise FaultError(
                f"schema: the vendor documents the field {self.field!r}, so it is not unknown;"
                " use another name"
            )
        if self.change == "enum" and _is_known(self.field, dict.fromkeys(names)):
            texts = chain.from_iterable(_text_fields(vendor, endpoint.name) for vendor, endpoint in endpoints)
            raise FaultError(
                f"schema: the field {self.field!r} has no text, as the change `enum` needs;"
                f" {suggest(self.field, sorted(set(texts)))}"
            )
        raise FaultError(
            f"schema: unknown field {self.field!r}; {suggest(self.field, sorted(names))}", path=("field",)
        )

    def _applies_to_rows(self, vendor: Vendor, endpoint: Endpoint) -> bool:
        """Return whether the fault can change rows of an endpoint."""
        known = row_fields(vendor, endpoint.name)
        if self.change == "unknown":
            return bool(known) and not _is_known(self.field, known)
        if self.change == "enum":
            return _is_known(self.field, _text_fields(vendor, endpoint.name))
        return _is_known(self.field, known)

    def matches(self, context: FaultContext) -> bool:
        request = context.request
        return (
            request.error is None
            and self._applies_to_rows(request.vendor, request.endpoint)
            and super().matches(context)
        )

    def row_edit(self, context: FaultContext) -> "RowChange":
        world, tenant = context.tenant.world, context.tenant
        return RowChange(
            change=self.change,
            path=tuple(self.field.split(".")),
            value=self.value,
            share=self.share,
            stream=key(world.spec.seed, tenant.name, context.number, "schema", self.field),
            row_key=context.request.endpoint.row_key,
        )

    def after_response(self, context: FaultContext, response: Response) -> Response:
        if response.status != OK:
            return response
        path = context.request.endpoint.rows_path
        body = json.decode(response.body)
        rows = get_at(body, path)
        edit = self.row_edit(context)
        changed = [edit(row) for row in rows] if isinstance(rows, list) else edit(rows)
        if json.encode(changed) == json.encode(rows):
            return response  # Encoded again, the body might have other bytes.
        if path:
            set_at(body, path, changed)
        return replace(response, body=json.encode(body if path else changed))


class RowChange(Struct, frozen=True, kw_only=True):
    """The change of a row, a function of the row alone; two with equal fields change the same rows alike."""

    change: Change
    path: tuple[str, ...]
    value: Any
    share: float
    stream: int
    row_key: tuple[str, ...]

    def __call__(self, row: Any) -> Any:
        """Return the row, or a changed copy of it."""
        if not isinstance(row, dict) or not self._selects(row):
            return row
        changed = deepcopy(row)
        self._edit(changed, self.path)
        return changed

    def _selects(self, row: dict[str, Any]) -> bool:
        identity = row_key_function(self.row_key)(row).decode()
        return (key(self.stream, identity) >> 11) / (1 << 53) < self.share

    def _edit(self, value: Any, path: tuple[str, ...]) -> None:
        """Change the field at a path of a value in place, in each item of a list."""
        name, *rest = path
        if isinstance(value, list):
            for item in value:
                self._edit(item, path)
        elif not isinstance(value, dict):
            return
        elif rest:
            self._edit(value.get(name), tuple(rest))
        elif self.change == "unknown":
            value[name] = _NEW_TEXT if self.value is UNSET else self.value
        elif name in value:
            self._edit_known(value, name)

    def _edit_known(self, row: dict[str, Any], name: str) -> None:
        old = row[name]
        if self.change == "missing":
            del row[name]
        elif self.change == "null_value":
            row[name] = None
        elif self.change == "enum":
            if isinstance(old, str):
                row[name] = _NEW_TEXT if self.value is UNSET else self.value
        elif old is not None:
            row[name] = _retype(old) if self.value is UNSET else self.value


def _retype(value: Any) -> Any:
    return next(convert(value) for kind, convert in _OTHER_TYPES if isinstance(value, kind))


@cache
def row_fields(vendor: Vendor, endpoint_name: str) -> dict[str, Any]:
    """Return the types of the fields of an endpoint's rows by dotted path; none without rows."""
    endpoint = vendor.endpoint(endpoint_name)
    if endpoint.rows_path is None:
        return {}
    prefix = f"{endpoint.rows_path}." if endpoint.rows_path else ""
    return {
        field.name.removeprefix(prefix): field.type
        for field in fields(endpoint.response, deep=True)
        if field.name.startswith(prefix)
    }


@cache
def _text_fields(vendor: Vendor, endpoint_name: str) -> dict[str, Any]:
    """Return those of the fields of an endpoint's rows that can have a text."""
    known = row_fields(vendor, endpoint_name)
    return {name: kind for name, kind in known.items() if _has(kind, _is_text) or _has(kind, _is_object)}


def _is_known(path: str, known: dict[str, Any]) -> bool:
    """Return whether a row has a field; an object without documented fields may have any."""
    parents = [path[:index] for index, character in enumerate(path) if character == "."]
    return path in known or any(_has(known.get(parent), _is_object) for parent in parents)


def _has(kind: Any, holds: Callable[[Any], bool]) -> bool:
    """Return whether a condition holds for a type, or for one of those of which it consists."""
    return holds(kind) or any(_has(part, holds) for part in _parts(kind))


def _parts(kind: Any) -> Iterable[Any]:
    if get_origin(kind) is Literal:
        return ()
    return get_args(kind)[: 1 if get_origin(kind) is Annotated else None]


def _is_text(kind: Any) -> bool:
    words = get_args(kind) if get_origin(kind) is Literal else ()
    return kind is str or any(isinstance(word, str) for word in words)


def _is_object(kind: Any) -> bool:
    return get_origin(kind) is dict


FAULTS: Final[tuple[type[Fault], ...]] = (Schema,)
