"""Format a vendor's contract as a page of Markdown."""

from collections.abc import Iterator, Sequence

from mockserver.contract.behaviors import Behavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.provenance import Fact, Source
from mockserver.contract.validation import Field, fields
from tools.docs.dialect_diff import differences
from tools.docs.markdown import error_body, error_status, request_type, response_type, table


def page(contract: Contract, *others: Contract) -> str:
    """Return the reference page of a vendor: endpoints, errors, behaviors, dialects and sources."""
    sources = dict(contract.sources)
    for other in others:
        sources |= other.sources
    hosts = ", ".join(f"`{host}`" for host in contract.hosts)
    served = f"at the root, under `/{contract.vendor}/…`, and for requests with one of the hosts {hosts}"
    parts = [
        f"# {contract.title}\n",
        f"Served {served}.\n",
        *(_endpoint(endpoint) for endpoint in contract.endpoints),
        _all_responses(contract),
        *(["## Not imitated\n", _other_paths(contract)] if contract.other_paths else []),
        "## Errors\n",
        table(
            ("error", "status", "body", "basis", "source", ""),
            [_error(contract, name) for name in contract.errors],
        ),
        "## Behaviors\n",
        *(_behavior(behavior) for behavior in contract.behaviors),
        *(["## Dialects\n", differences(contract, others)] if others else []),
        *_not_imitated(contract, *others),
        "## Sources\n",
        table(
            ("source", "read", ""),
            [(name, source.read_on, _link(source)) for name, source in sources.items()],
        ),
    ]
    return "\n".join(parts)


def _endpoint(endpoint: Endpoint) -> str:
    paths = "\n".join(f"- `{endpoint.method} {path}`" for path in endpoint.paths)
    parts = [f"## {endpoint.name}\n", f"{endpoint.summary}\n", f"{paths}\n"]
    parameters = list(_parameters(endpoint))
    if parameters:
        parts.append(table(("in", "parameter", "type", "default", "", "basis", "source"), parameters))
    if endpoint.any_of_fields:
        names = ", ".join(f"`{name}`" for name in endpoint.any_of_fields)
        parts.append(f"At least one of {names} is required.\n")
    response = [
        (f"`{field.name}`", response_type(field), field.fact.text, *_basis(field.fact))
        for field in fields(endpoint.response, deep=True)
    ]
    parts += ["The response:\n", table(("field", "type", "", "basis", "source"), response)]
    notes = [f"- {limit.description}" for limit in endpoint.limits]
    notes += [f"- {_with_basis(fact)}" for fact in endpoint.facts]
    if notes:
        parts.append("\n".join(notes) + "\n")
    findings = dict.fromkeys(f"- `{rule.name}`: {_with_basis(rule.fact)}" for rule in endpoint.lint_rules)
    if findings:
        parts.append("Findings:\n\n" + "\n".join(findings) + "\n")
    return "\n".join(parts)


def _all_responses(contract: Contract) -> str:
    """Return what holds for the responses of all endpoints, or of those that a policy names."""
    notes = [
        f"- {_only(policy.endpoints)}{_with_basis(policy.fact)} `{contract.vendor}.cors` changes it."
        for policy in contract.cors
    ]
    notes += [
        f"- {_with_basis(fact)} `{contract.vendor}.encoding` changes it."
        for fact in contract.facts_of_responses
    ]
    return "## All responses\n\n" + "\n".join(notes) + "\n"


def _only(endpoints: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in endpoints) + ": " if endpoints else ""


def _parameters(endpoint: Endpoint) -> Iterator[tuple[str, ...]]:
    for name, fact in endpoint.path.items():
        yield "path", f"`{name}`", "string", "required", fact.text, *_basis(fact)
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        for field in fields(model):
            columns = (place, f"`{field.name}`", request_type(field), _default(field))
            yield *columns, field.fact.text, *_basis(field.fact)


def _default(field: Field) -> str:
    if field.required:
        return "required"
    return "" if field.default in (None, "") else f"`{field.default}`"


def _other_paths(contract: Contract) -> str:
    paths = ", ".join(f"`{path}`" for path in contract.other_paths)
    return f"The vendor documents these paths too. Requests to them are reported as not imitated: {paths}.\n"


def _not_imitated(*contracts: Contract) -> Iterator[str]:
    """Yield a table of the known differences of each dialect from the real server."""
    for contract in contracts:
        if contract.not_imitated:
            yield f"## Not imitated by `{contract.dialect}`\n"
            rows = [
                (difference.what, difference.real, difference.mock, difference.revision)
                for difference in contract.not_imitated
            ]
            yield table(("request or detail", "real server", "session-mock", "source"), rows)


def _link(source: Source) -> str:
    return f"[{source.title}]({source.url})" if source.url else source.title


def _with_basis(fact: Fact) -> str:
    return f"{fact.text} *({' '.join(filter(None, _basis(fact)))})*"


def _basis(fact: Fact) -> tuple[str, str]:
    return fact.basis.value, fact.source or ""


def _error(contract: Contract, name: str) -> tuple[str, ...]:
    template = contract.errors[name]
    return name, error_status(template), error_body(template), *_basis(template.fact), template.fact.text


def _behavior(behavior: Behavior) -> str:
    source = f", {behavior.source}" if behavior.source else ""
    lines = [f"### `{behavior.name}`\n", f"{behavior.description} *({behavior.basis.value}{source})*\n"]
    if behavior.options:
        default = {name: " (default)" if name == behavior.default else "" for name in behavior.options}
        lines += [f"- `{name}`{default[name]}: {effect}" for name, effect in behavior.options.items()]
    else:
        lines.append(f"An integer ({behavior.unit}), `{behavior.default}` by default.")
    return "\n".join(lines) + "\n"
