"""Compare the dialects of a vendor side by side."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.limits import Limit
from mockserver.contract.provenance import Fact
from mockserver.contract.validation import Field, fields
from tools.docs.markdown import error_body, error_status, request_type, response_type, table

Statements = Mapping[str, str]
"""The statements of a contract by their place in it."""
_NOTHING = "—"


def differences(documented: Contract, others: Sequence[Contract]) -> str:
    """Return the differences between a vendor's documented contract and its other dialects as Markdown."""
    contracts = [documented, *others]
    parts = ["\n".join(f"- `{contract.dialect}`: {contract.description}" for contract in contracts) + "\n"]
    rows = _different_rows([dict(_statements(contract)) for contract in contracts])
    if rows:
        parts.append(table(("", *(f"`{contract.dialect}`" for contract in contracts)), rows))
    for contract in others:
        parts += _different_facts(documented, contract)
    return "\n".join(parts)


def _different_rows(contracts: Sequence[Statements]) -> list[tuple[str, ...]]:
    """Return the places where contracts differ, each followed by the statement of every contract."""
    places = dict.fromkeys(chain.from_iterable(contracts))
    rows = [(place, *(statements.get(place, _NOTHING) for statements in contracts)) for place in places]
    return [row for row in rows if len(set(row[1:])) > 1]


def _statements(contract: Contract) -> Iterator[tuple[str, str]]:
    for endpoint in contract.endpoints:
        yield f"{endpoint.name}: paths", "<br>".join(f"`{path}`" for path in endpoint.paths)
        yield from _parameters(endpoint)
        for field in fields(endpoint.response, deep=True):
            yield f"{endpoint.name}: response `{field.name}`", response_type(field)
        yield f"{endpoint.name}: limits", "<br>".join(map(_limit, endpoint.limits)) or _NOTHING
    for name, template in contract.errors.items():
        yield f"error {name}", f"{error_status(template)} {error_body(template)}"
    for behavior in contract.behaviors:
        yield f"`{behavior.name}`", f"`{behavior.default}`"


def _limit(limit: Limit) -> str:
    """Return the behavior that configures a limit, and the kind of its windows."""
    return f"`{next(iter(limit.behaviors.values()))}`" + (f", {limit.opens}" if limit.opens else "")


def _parameters(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        for field in fields(model):
            yield f"{endpoint.name}: {place} `{field.name}`", f"{request_type(field)}, {_default(field)}"


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return "optional" if field.default in (None, "") else f"`{field.default}` by default"


def _different_facts(documented: Contract, contract: Contract) -> Iterator[str]:
    """Yield the facts that only hold for a dialect, and the documented ones that do not hold for it."""
    before = _facts(documented)
    after = _facts(contract)
    added = [
        f"- {place}: {text} *({fact.basis.value})*"
        for (place, text), fact in after.items()
        if (place, text) not in before
    ]
    known_limits = _limits(documented)
    added += [f"- limit: {limit}" for limit in _limits(contract) if limit not in known_limits]
    if added:
        yield f"### `{contract.dialect}`\n\nDifferences from the documentation:\n\n" + "\n".join(added) + "\n"
    # The table shows fields and errors that are missing.
    endpoints = {endpoint.name for endpoint in documented.endpoints}
    removed = [
        f"- {place}: {text}" for place, text in before if place in endpoints and (place, text) not in after
    ]
    if removed:
        yield (
            f"Facts of `{documented.dialect}` that do not hold for `{contract.dialect}`:\n\n"
            + "\n".join(removed)
            + "\n"
        )


def _facts(contract: Contract) -> dict[tuple[str, str], Fact]:
    return {(place, fact.text): fact for place, fact in contract.facts()}


def _limits(contract: Contract) -> list[str]:
    limits = chain.from_iterable(endpoint.limits for endpoint in contract.endpoints)
    return list(dict.fromkeys(limit.description for limit in limits))
