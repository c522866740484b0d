"""What the dialects of a vendor do differently, side by side."""

from collections.abc import Iterator, Mapping, Sequence

from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.limits import ConcurrencyLimit, Limit, WindowLimit
from mockserver.contract.validation import fields
from tools.docs.markdown import asked_kind, body, limited, status, table, told_kind

Told = Mapping[str, str]
"""What a contract says, by where it says it."""
_NOTHING = "—"


def differences(documented: Contract, others: Sequence[Contract]) -> str:
    """Write what differs between the documented contract of a vendor and its other dialects."""
    contracts = [documented, *others]
    parts = ["\n".join(f"- `{each.dialect}`: {each.description}" for each in contracts) + "\n"]
    told = [dict(_told(contract)) for contract in contracts]
    rows = _unlike(told)
    if rows:
        parts.append(table(("", *(f"`{each.dialect}`" for each in contracts)), rows))
    for contract in others:
        parts += _facts(documented, contract)
    return "\n".join(parts)


def _unlike(told: Sequence[Told]) -> list[tuple[str, ...]]:
    """The places at which not all contracts say the same, each with what every one says."""
    places = dict.fromkeys(place for each in told for place in each)
    rows = [(place, *(each.get(place, _NOTHING) for each in told)) for place in places]
    return [row for row in rows if len(set(row[1:])) > 1]


def _told(contract: Contract) -> Iterator[tuple[str, str]]:
    for endpoint in contract.endpoints:
        yield f"{endpoint.name}: paths", "<br>".join(f"`{path}`" for path in endpoint.paths)
        yield from _asked(endpoint)
        for field in fields(endpoint.response, deep=True):
            yield f"{endpoint.name}: answer `{field.name}`", told_kind(field)
        yield f"{endpoint.name}: limits", "<br>".join(map(_limit, endpoint.limits)) or _NOTHING
    for name, shape in contract.errors.items():
        yield f"error {name}", f"{status(shape)} {body(shape)}"
    for behavior in contract.behaviors:
        yield f"`{behavior.name}`", f"`{behavior.default}`"


def _limit(limit: Limit) -> str:
    """The behavior that decides about a limit, and when a window of it begins."""
    if isinstance(limit, ConcurrencyLimit):
        return f"`{limit.busy}`"
    return f"`{limit.allowed}`" + (f", {limit.opens}" if isinstance(limit, WindowLimit) else "")


def _asked(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        for field in fields(model):
            default = (
                "required"
                if field.required
                else f"`{field.default}` by default"
                if field.default not in (None, "")
                else "optional"
            )
            yield f"{endpoint.name}: {place} `{field.name}`", f"{asked_kind(field)}, {default}"


def _facts(documented: Contract, contract: Contract) -> Iterator[str]:
    """What is said of a dialect alone, and what is not said of it."""
    before, after = (
        {(where, fact.text): fact for where, fact in each.facts()} for each in (documented, contract)
    )
    limits = dict.fromkeys(
        limit for endpoint in contract.endpoints for limit in map(limited, endpoint.limits)
    )
    known = {limit for endpoint in documented.endpoints for limit in map(limited, endpoint.limits)}
    more = [
        f"- {where}: {says} *({after[where, says].basis.value})*"
        for where, says in after
        if (where, says) not in before
    ]
    more += [f"- limit: {limit}" for limit in limits if limit not in known]
    if more:
        yield f"### `{contract.dialect}`\n\nHere it is otherwise:\n\n" + "\n".join(more) + "\n"
    endpoints = {
        endpoint.name for endpoint in documented.endpoints
    }  # What became of a field or an error stands above.
    gone = [
        f"- {where}: {says}" for where, says in before if where in endpoints and (where, says) not in after
    ]
    if gone:
        yield f"Said of `{documented.dialect}`, and not of `{contract.dialect}`:\n\n" + "\n".join(gone) + "\n"
