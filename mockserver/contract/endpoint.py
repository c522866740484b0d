"""Endpoints and whole contracts of vendors, as data that the server interprets."""

import re
from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import DOCUMENTED, Behavior, short_name
from mockserver.contract.errors import ErrorTemplate
from mockserver.contract.http.cors import Cors
from mockserver.contract.http.credentials import Credentials
from mockserver.contract.limits import Limit
from mockserver.contract.lint_rules import ExceedsMaximum, LintRule
from mockserver.contract.pagination import NoPagination, Pagination
from mockserver.contract.provenance import Fact, NotImitated, Source
from mockserver.contract.time_windows import TimeWindow
from mockserver.contract.validation import fields


class ContractError(Exception):
    """Raised when the contract of a vendor is inconsistent, or its folder incomplete."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """A method and its paths, with everything the contract says about them."""

    name: str
    method: Literal["GET", "POST"]
    paths: tuple[str, ...]
    """Templates such as ``/api/things/{thing}``; the first one is documented, the others are aliases."""
    summary: str
    response: type
    """A struct whose fields are annotated with their facts."""
    credentials: Credentials
    path: Mapping[str, Fact] = {}
    """The parameters of the path."""
    site: str | None = None
    """The path parameter with the site's id; None if the credential or the view determines the site."""
    query: type[Struct] | None = None
    body: type[Struct] | None = None
    select_fields: tuple[str, ...] = ()
    """Dotted paths of fields of the body that list names of row fields."""
    ignored_params: tuple[str, ...] = ()
    """Parameters that the vendor documents, but that have no effect here."""
    any_of_fields: tuple[str, ...] = ()
    """Fields of the body; at least one of them must be a non-empty string."""
    site_id_precheck: str | None = None
    """A pattern of site ids that are checked before the credential.

    Without a credential too, an unknown id of this form is an unknown site; any other id that the key has no
    access to is forbidden. If None, ids are checked after the credential."""
    validate_before_site: bool = False
    """If True, invalid parameters are refused before an unknown site is."""
    validation_error: str = "violation"
    """Name of the error template for invalid parameters."""
    duplicate_param_message: str | None = None
    """The vendor's message for a repeated query parameter, with the placeholder ``{field}``.

    If set, the query is read in order and only its first problem is reported. If None, the last value of a
    parameter counts, and all problems are reported."""
    joins_repeated_params: bool = False
    """True if the values of a repeated query parameter are joined by commas, like an array in JavaScript."""
    repeated_params: Mapping[str, str] = {}
    """The vendor's messages for the query parameters that it refuses if they are repeated."""
    empty: Literal["absent", "value"] = "value"
    """Meaning of ``?name=``: the parameter is absent, or its value is ``""``."""
    pagination: Pagination = NoPagination()
    rows_path: str | None = None
    """Dotted path of the rows in the response; None if there are none."""
    row_key: tuple[str, ...] = ()
    """The fields that identify a row."""
    count_field: str | None = None
    """The field with the number of sessions that a row represents; None if a row is one session."""
    start_field: str | None = None
    """The field with the start of a row's session."""
    visitor_field: str | None = None
    """The field with the id of the visitor of a row's session."""
    limits: tuple[Limit, ...] = ()
    errors: tuple[str, ...] = ()
    """Names of error templates of this endpoint, in addition to those of every endpoint."""
    facts: tuple[Fact, ...] = ()
    lint_rules: tuple[LintRule, ...] = ()
    """Rules for findings about requests that are answered."""
    time_windows: tuple[TimeWindow, ...] = ()
    """Time windows that a request can have; the first one of which a field is sent applies."""
    headers: Mapping[str, str] = {}
    """Headers of every response."""
    example: Mapping[str, Any] = {}
    """Parameters of a valid first request, if some are required."""
    filtered_example: Mapping[str, Any] = {}
    """Parameters that filter by country, browser and page, if the endpoint can."""
    all_rows_params: Mapping[str, Any] = {}
    """Parameters that select all rows. Placeholders are ``{start}`` and ``{end}`` (Unix seconds),
    ``{start_date}``, ``{end_date}`` and ``{day_after}`` the end."""

    @property
    def range_fields(self) -> tuple[str, ...]:
        """The names of the fields that limit the time of the rows."""
        names: dict[str, None] = {}
        for window in self.time_windows:
            names.update(dict.fromkeys(window.limits))
        return tuple(names)

    def full_page(self, requested: int) -> int:
        """Return the number of rows on a full page if a request wants *requested*, or 0 for the default."""
        maxima = [rule.when.maximum for rule in self.lint_rules if isinstance(rule.when, ExceedsMaximum)]
        return min([requested or self.pagination.size or 1, *maxima])

    def routes(self) -> set[str]:
        """Return the method with each path, without the names of path parameters.

        No two endpoints may share one.
        """
        return {f"{self.method} {re.sub(r'{[^}]*}', '{}', path)}" for path in self.paths}

    def referenced_parameters(self) -> list[str]:
        """Return the parameters that pagination and examples refer to."""
        names = (
            *self.pagination.request_fields,
            *self.example,
            *self.filtered_example,
            *self.all_rows_params,
        )
        return list(dict.fromkeys(names))

    def referenced_response_fields(self) -> list[str]:
        """Return the dotted paths of the response that rows and pagination refer to."""
        if self.rows_path is None:
            return list(self.pagination.response_fields)
        prefix = f"{self.rows_path}." if self.rows_path else ""
        row_fields = (*self.row_key, self.count_field, self.start_field, self.visitor_field)
        in_rows = [prefix + name for name in row_fields if name]
        paths = (self.rows_path, *in_rows, *self.pagination.response_fields)
        return [path for path in paths if path]

    def path_placeholders(self) -> list[set[str]]:
        """Return the parameters of each path template."""
        return [set(re.findall(r"{(\w+)}", path)) for path in self.paths]


class Contract(Struct, frozen=True, kw_only=True):
    """Everything that is known about a vendor's API in one dialect."""

    vendor: str
    title: str
    dialect: str = DOCUMENTED
    """Name of the dialect."""
    description: str = "As the vendor documents it."
    """Describes the dialect in a sentence."""
    hosts: tuple[str, ...]
    """The vendor's real hosts; requests with one of them as ``Host`` are routed to this vendor."""
    sources: Mapping[str, Source]
    endpoints: tuple[Endpoint, ...]
    errors: Mapping[str, ErrorTemplate]
    behaviors: tuple[Behavior, ...] = ()
    cors: tuple[Cors, ...] = ()
    """Policies for web pages of other origins; the first one that applies to an endpoint counts."""
    facts_of_responses: tuple[Fact, ...] = ()
    """Facts about the responses of all endpoints."""
    other_paths: tuple[str, ...] = ()
    """Templates of paths that the vendor documents, but that are not imitated."""
    authenticates_first: bool = False
    """If True, the credential is checked before the method, so that a wrong method is only known with one."""
    not_imitated: tuple[NotImitated, ...] = ()
    """Known differences from the real server."""

    def endpoint(self, name: str) -> Endpoint:
        """Return the endpoint with a name; raises :class:`KeyError`."""
        return {endpoint.name: endpoint for endpoint in self.endpoints}[name]

    def behaviors_with_defaults(self, **defaults: str | int) -> tuple[Behavior, ...]:
        """Return the behaviors with other defaults by short name; raises :class:`ContractError`."""
        known = {short_name(behavior.name) for behavior in self.behaviors}
        for name in defaults:
            if name not in known:
                raise ContractError(
                    f"{self.vendor}: unknown behavior {name!r}; {suggest(name, sorted(known))}"
                )
        return tuple(
            replace(behavior, default=defaults.get(short_name(behavior.name), behavior.default))
            for behavior in self.behaviors
        )

    def behavior(self, name: str) -> Behavior:
        """Return the behavior with a full name; raises :class:`KeyError`."""
        return {behavior.name: behavior for behavior in self.behaviors}[name]

    def facts(self) -> list[tuple[str, Fact]]:
        """Return every fact of the contract with its place, such as ``list_things query limit``."""
        facts = [(f"error {name}", template.fact) for name, template in self.errors.items()]
        facts += [("cors", policy.fact) for policy in self.cors]
        facts += [("responses", fact) for fact in self.facts_of_responses]
        for endpoint in self.endpoints:
            facts += [(f"{endpoint.name} path {name}", fact) for name, fact in endpoint.path.items()]
            models = {"query": endpoint.query, "body": endpoint.body, "response": endpoint.response}
            for place, model in models.items():
                facts += [
                    (f"{endpoint.name} {place} {field.name}", field.fact)
                    for field in fields(model, deep=place == "response")
                ]
            facts += [(endpoint.name, fact) for fact in endpoint.facts]
            facts += [(f"{endpoint.name} finding {rule.name}", rule.fact) for rule in endpoint.lint_rules]
        return facts
