"""Rules that the contract of a vendor obeys: it is complete, and all names in it are known."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec.inspect import type_info

from mockserver._util.suggest import suggest
from mockserver.contract.behaviors import ByBehavior
from mockserver.contract.endpoint import Contract, ContractError, Endpoint
from mockserver.contract.errors import COMMON_ERRORS, ErrorTemplate
from mockserver.contract.findings import FINDINGS
from mockserver.contract.validation import fields


def check_contract(contract: Contract) -> None:
    """Raise :class:`ContractError` if the contract is inconsistent or incomplete."""
    for problem in _problems(contract):
        raise ContractError(f"{contract.vendor}: {problem}")


def _problems(contract: Contract) -> Iterator[str]:
    known = {behavior.name for behavior in contract.behaviors}
    paths = chain.from_iterable(endpoint.routes() for endpoint in contract.endpoints)
    for name in COMMON_ERRORS:
        if name not in contract.errors:
            yield f"no error template {name!r}"
    yield from _behavior_problems(contract)
    yield from _cors_problems(contract)
    yield from _duplicates("endpoint", (endpoint.name for endpoint in contract.endpoints))
    yield from _duplicates("path", paths)
    yield from _limit_error_problems(contract)
    for name, template in contract.errors.items():
        for problem in _status_problems(contract, template):
            yield f"error {name!r}: {problem}"
    places = [(place, fact.source) for place, fact in contract.facts()]
    places += [
        (f"not_imitated {difference.what!r}", difference.revision) for difference in contract.not_imitated
    ]
    for place, source in places:
        if source not in {None, *contract.sources}:
            yield f"{place}: unknown source {source!r}; {suggest(str(source), contract.sources)}"
    for endpoint in contract.endpoints:
        for problem in _endpoint_problems(contract, endpoint, known):
            yield f"{endpoint.name}: {problem}"


def _behavior_problems(contract: Contract) -> Iterator[str]:
    for behavior in contract.behaviors:
        if not behavior.name.startswith(f"{contract.vendor}."):
            yield f"behavior {behavior.name!r} must begin with {contract.vendor + '.'!r}"
        if behavior.options and behavior.default not in behavior.options:
            yield f"behavior {behavior.name!r} has no option {behavior.default!r}"
    yield from _duplicates("behavior", (behavior.name for behavior in contract.behaviors))


def _cors_problems(contract: Contract) -> Iterator[str]:
    named = chain.from_iterable(policy.endpoints for policy in contract.cors)
    for name in set(named) - {endpoint.name for endpoint in contract.endpoints}:
        yield f"cors: no endpoint {name!r}"


def _limit_error_problems(contract: Contract) -> Iterator[str]:
    """Yield details of errors of limits that an injected error would not have."""
    for name in {limit.error for endpoint in contract.endpoints for limit in endpoint.limits}:
        template = contract.errors.get(name)
        if template is None:
            continue
        used = re.findall(r"{(limit|retryAfter|scope)}", str((template.body, template.headers)))
        for detail in set(used).difference(template.defaults):
            yield f"error {name!r}: defaults: no {detail!r}; a fault that injects the error needs a value"


def _status_problems(contract: Contract, template: ErrorTemplate) -> Iterator[str]:
    if not isinstance(template.status, ByBehavior):
        return
    name = template.status.behavior
    known = {behavior.name: behavior for behavior in contract.behaviors}
    if name not in known:
        yield f"unknown behavior {name!r}; {suggest(name, sorted(known))}"
        return
    for option in template.status.statuses:
        if option not in known[name].options:
            yield f"behavior {name!r} has no option {option!r}"


def _endpoint_problems(contract: Contract, endpoint: Endpoint, behaviors: set[str]) -> Iterator[str]:
    for names in endpoint.path_placeholders():
        if names != set(endpoint.path):
            yield f"paths and path parameters differ: {names}"
    yield from _model_problems(endpoint)
    in_body = {field.name for field in fields(endpoint.body)}
    for name in endpoint.any_of_fields:
        if name not in in_body:
            yield f"any_of_fields: no field {name!r} in the body"
    if bool(endpoint.rows_path) != bool(endpoint.row_key):
        yield "rows_path and row_key must be given together"
    if endpoint.site is not None and endpoint.site not in endpoint.path:
        yield f"site: no path parameter {endpoint.site!r}"
    yield from _limit_problems(endpoint, behaviors)
    yield from _reference_problems(endpoint)
    needed = {*endpoint.errors, endpoint.validation_error, *(limit.error for limit in endpoint.limits)}
    if endpoint.site:
        needed |= {"unknown_site", "forbidden"}
    for name in sorted(needed - set(contract.errors)):
        yield f"no error template {name!r}"


def _model_problems(endpoint: Endpoint) -> Iterator[str]:
    """Yield annotations of fields that msgspec does not accept."""
    for model in filter(None, (endpoint.query, endpoint.body, endpoint.response)):
        try:
            type_info(model)
        except TypeError as error:
            yield f"{model.__name__}: {error}"


def _limit_problems(endpoint: Endpoint, behaviors: set[str]) -> Iterator[str]:
    for limit in endpoint.limits:
        for name in (*limit.behaviors.values(), limit.retry_after):
            if name is not None and name not in behaviors:
                yield f"limit: unknown behavior {name!r}; {suggest(name, sorted(behaviors))}"


def _reference_problems(endpoint: Endpoint) -> Iterator[str]:
    """Yield names of parameters, response fields and findings that do not exist."""
    known = {field.name for field in chain(fields(endpoint.query), fields(endpoint.body))}
    for name in endpoint.referenced_parameters():
        if name not in {*known, *endpoint.path}:
            yield f"no parameter {name!r}; {suggest(name, sorted(known))}"
    in_response = {field.name for field in fields(endpoint.response, deep=True)}
    for name in endpoint.referenced_response_fields():
        if name not in in_response:
            yield f"no field {name!r} in the response"
    yield from _field_problems(endpoint, known)
    for rule in endpoint.lint_rules:
        for name in rule.fields():
            if name not in known:
                yield f"finding {rule.name}: no field {name!r}"
        if rule.name not in FINDINGS:
            yield f"unknown finding {rule.name!r}; {suggest(rule.name, FINDINGS)}"


def _field_problems(endpoint: Endpoint, known: set[str]) -> Iterator[str]:
    for window in endpoint.time_windows:
        for name in window.fields:
            if name not in known:
                yield f"time_windows: no field {name!r}"
    in_body = {field.name for field in fields(endpoint.body, deep=True)}
    for name in endpoint.select_fields:
        if name not in in_body:
            yield f"select_fields: no field {name!r} in the body"


def _duplicates(kind: str, names: Iterable[str]) -> Iterator[str]:
    for name, count in Counter(names).items():
        if count > 1:
            yield f"duplicate {kind} {name!r}"
