"""An endpoint, and a vendor's whole contract: data that the server reads."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DOCUMENTED, Behavior, ByBehavior, short_name
from mockserver.contract.credentials import Credentials
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.limits import ConcurrencyLimit, Limit, TokenBucket
from mockserver.contract.lint_rules import ADVICE, LintRule
from mockserver.contract.pagination import NoPagination, Pagination
from mockserver.contract.provenance import Fact, Source
from mockserver.contract.validation import fields


class ContractError(Exception):
    """A contract that contradicts itself; raised when the vendor is loaded."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Everything that one method and path promises."""

    name: str
    method: Literal["GET", "POST"]
    paths: tuple[str, ...]
    """Templates such as ``/api/things/{thing}``; the first is the documented one, the others are answered alike."""
    summary: str
    response: type
    """A struct whose fields carry their facts."""
    credentials: Credentials
    path: Mapping[str, Fact] = {}
    """The parameters of the path."""
    site: str | None = None
    """The path parameter that names the site; none where the credential or the view does."""
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    any_of_fields: tuple[str, ...] = ()
    """Fields of the body of which one at least must hold a text."""
    site_id_precheck: str | None = None
    """A pattern of site ids that are looked up before anything else: one of nobody's is an unknown site, whoever asks, and any
    other that the key does not have is forbidden. Where there is none, ids are looked up behind the credential."""
    validate_before_site: bool = False
    """Whether parameters that cannot be read are refused before an unknown site is."""
    validation_error: str = "violation"
    """The error shape of parameters that cannot be read."""
    duplicate_param_message: str | None = None
    """What is said of a parameter that a query has twice, where it is read from its beginning to the first fault; may name ``{field}``.

    Elsewhere the last value of a parameter counts, and all faults are told.
    """
    empty: Literal["absent", "value"] = "value"
    """What ``?name=`` means."""
    pagination: Pagination = NoPagination()
    rows_path: str | None = None
    """Dotted path of the rows in the answer; none where it has none."""
    row_key: tuple[str, ...] = ()
    """The fields of a row by which it is known again."""
    count_field: str | None = None
    """The field of a row that says how many sessions it stands for; none where a row is one session."""
    start_field: str | None = None
    """The field of a row that says when the session started."""
    limits: tuple[Limit, ...] = ()
    errors: tuple[str, ...] = ()
    """Error shapes particular to it, beside those every endpoint of the vendor has."""
    facts: tuple[Fact, ...] = ()
    lint_rules: tuple[LintRule, ...] = ()
    """What a careful reviewer would say of requests that are answered."""
    headers: Mapping[str, str] = {}
    """Sent with every answer of the endpoint."""
    example: Mapping[str, Any] = {}
    """Parameters of a good first request, where some are required."""
    filtered_example: Mapping[str, Any] = {}
    """Parameters that filter by country, browser and page, where the endpoint can."""
    all_rows_params: Mapping[str, Any] = {}
    """Parameters that ask for all there is; texts may name ``{start}``, ``{end}`` (Unix seconds), ``{start_date}``,
    ``{end_date}`` and ``{day_after}`` the end."""

    def routes(self) -> set[str]:
        """Return the method with each path, without the names of path parameters: two endpoints must not share one."""
        return {f"{self.method} {re.sub(r'{[^}]*}', '{}', path)}" for path in self.paths}

    def parameters_named(self) -> list[str]:
        """Return the parameters that pages and examples refer to."""
        paging = [getattr(self.pagination, name, None) for name in ("limit", "offset", "page", "cursor")]
        return list(
            dict.fromkeys(
                [*filter(None, paging), *self.example, *self.filtered_example, *self.all_rows_params]
            )
        )

    def fields_named(self) -> list[str]:
        """Return the dotted paths of the response that pages and rows refer to."""
        within = f"{self.rows_path}." if self.rows_path else ""
        row = (
            []
            if self.rows_path is None
            else [within + name for name in (*self.row_key, self.count_field, self.start_field) if name]
        )
        return [
            name
            for name in (
                self.rows_path,
                *row,
                getattr(self.pagination, "total", None),
                getattr(self.pagination, "next", None),
            )
            if name
        ]

    def template_names(self) -> list[set[str]]:
        """The parameters of each path template."""
        return [set(re.findall(r"{(\w+)}", path)) for path in self.paths]


COMMON_ERRORS = (
    "missing_credential",
    "wrong_credential",
    "violation",
    "unknown_path",
    "wrong_method",
    "too_large",
    "internal",
)
"""What every vendor must have a shape for."""


class Contract(Struct, frozen=True, kw_only=True):
    """What a vendor promises."""

    vendor: str
    title: str
    dialect: str = DOCUMENTED
    """Which of the vendor's sources it follows."""
    description: str = "As the vendor documents it."
    """What the dialect is, in a sentence."""
    hosts: tuple[str, ...]
    """The real hosts; a request whose ``Host`` is one of them is answered as this vendor."""
    sources: Mapping[str, Source]
    endpoints: tuple[Endpoint, ...]
    errors: Mapping[str, ErrorTemplate]
    behaviors: tuple[Behavior, ...] = ()

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint with a name, or :class:`KeyError`."""
        return {endpoint.name: endpoint for endpoint in self.endpoints}[name]

    def preferring(self, **defaults: str | int) -> tuple[Behavior, ...]:
        """Its behaviors with other defaults for some, by short name; raises :class:`ContractError` for one that it does not have."""
        known = {short_name(behavior.name) for behavior in self.behaviors}
        if unknown := set(defaults) - known:
            raise ContractError(f"{self.vendor}: no behaviors are called {', '.join(sorted(unknown))}")
        return tuple(
            replace(behavior, default=defaults.get(short_name(behavior.name), behavior.default))
            for behavior in self.behaviors
        )

    def behavior(self, name: str) -> Behavior:
        """The behavior with a full name, or :class:`KeyError`."""
        return {behavior.name: behavior for behavior in self.behaviors}[name]

    def facts(self) -> list[tuple[str, Fact]]:
        """Every fact of the contract with where it stands, such as ``list_things query limit``."""
        found = [(f"error {name}", shape.fact) for name, shape in self.errors.items()]
        for endpoint in self.endpoints:
            found += [(f"{endpoint.name} path {name}", fact) for name, fact in endpoint.path.items()]
            for place, model in (
                ("query", endpoint.query),
                ("body", endpoint.body),
                ("response", endpoint.response),
            ):
                found += [
                    (f"{endpoint.name} {place} {field.name}", field.fact)
                    for field in fields(model, deep=place == "response")
                ]
            found += [(endpoint.name, fact) for fact in endpoint.facts]
            found += [
                (f"{endpoint.name} advice {advice.name}", advice.fact) for advice in endpoint.lint_rules
            ]
        return found

    def check(self) -> None:
        """Raise :class:`ContractError` for whatever the server could not read or the contract leaves open."""
        for problem in self._problems():
            raise ContractError(f"{self.vendor}: {problem}")

    def _problems(self) -> list[str]:
        found = [f"no error shape {name!r}" for name in COMMON_ERRORS if name not in self.errors]
        named = {behavior.name for behavior in self.behaviors}
        found += [
            f"behavior {name!r} must begin with {self.vendor + '.'!r}"
            for name in named
            if not name.startswith(self.vendor + ".")
        ]
        found += [
            f"behavior {c.name!r} has no option {c.default!r}"
            for c in self.behaviors
            if c.options and c.default not in c.options
        ]
        found += [
            f"duplicate behavior {name!r}"
            for name in _duplicates(behavior.name for behavior in self.behaviors)
        ]
        found += [
            f"duplicate endpoint {name!r}"
            for name in _duplicates(endpoint.name for endpoint in self.endpoints)
        ]
        found += [
            f"duplicate path {path!r}"
            for path in _duplicates(path for endpoint in self.endpoints for path in endpoint.routes())
        ]
        found += [
            f"error {name!r}: {problem}"
            for name, shape in self.errors.items()
            for problem in self._status_problems(shape)
        ]
        found += [
            f"{where}: unknown source {fact.source!r}"
            for where, fact in self.facts()
            if fact.source not in {None, *self.sources}
        ]
        for endpoint in self.endpoints:
            found += [f"{endpoint.name}: {problem}" for problem in self._endpoint_problems(endpoint, named)]
        return found

    def _status_problems(self, shape: ErrorTemplate) -> list[str]:
        if not isinstance(shape.status, ByBehavior):
            return []
        known = {behavior.name: behavior for behavior in self.behaviors}
        if shape.status.behavior not in known:
            return [
                f"no behavior is called {shape.status.behavior!r}; {suggest(shape.status.behavior, known)}"
            ]
        options = known[shape.status.behavior].options
        return [
            f"behavior {shape.status.behavior!r} has no option {name!r}"
            for name in shape.status.statuses
            if name not in options
        ]

    def _endpoint_problems(self, endpoint: Endpoint, named: set[str]) -> list[str]:
        found = [
            f"paths and path parameters differ: {names}"
            for names in endpoint.template_names()
            if names != set(endpoint.path)
        ]
        found += [
            f"either: no field {name!r} in the body"
            for name in set(endpoint.any_of_fields) - {field.name for field in fields(endpoint.body)}
        ]
        if bool(endpoint.rows_path) != bool(endpoint.row_key):
            found.append("rows and identity belong together")
        if endpoint.site is not None and endpoint.site not in endpoint.path:
            found.append(f"site {endpoint.site!r} is no path parameter")
        wanted = {*endpoint.errors, endpoint.validation_error} | (
            {"unknown_site", "forbidden"} if endpoint.site else set()
        )
        for limit in endpoint.limits:
            one = isinstance(limit, ConcurrencyLimit)
            wanted.add("busy" if one else "rate_limited")
            found += [f"limit names no behavior {name!r}" for name in _choices_of(limit) if name not in named]
        known = {field.name for model in (endpoint.query, endpoint.body) for field in fields(model)}
        found += [
            f"no parameter {name!r}; {suggest(name, known)}"
            for name in endpoint.parameters_named()
            if name not in {*known, *endpoint.path}
        ]
        fields_of_response = {field.name for field in fields(endpoint.response, deep=True)}
        found += [
            f"no field {name!r} in the response"
            for name in endpoint.fields_named()
            if name not in fields_of_response
        ]
        for advice in endpoint.lint_rules:
            found += [
                f"advice {advice.name}: no field {name!r}" for name in advice.fields() if name not in known
            ]
            if advice.name not in ADVICE:
                found.append(f"no advice is called {advice.name!r}; known are {', '.join(ADVICE)}")
        return found + [f"no error shape {name!r}" for name in sorted(wanted - set(self.errors))]


def _duplicates(names: Iterable[str]) -> list[str]:
    return [name for name, count in Counter(names).items() if count > 1]


def _choices_of(limit: Any) -> tuple[str, ...]:
    if isinstance(limit, ConcurrencyLimit):
        return (limit.busy, limit.hold)
    return (limit.allowed, limit.refill) if isinstance(limit, TokenBucket) else (limit.allowed,)
