"""A vendor's contract as a page of Markdown."""

from mockserver.contract.behaviors import Behavior
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.provenance import Fact
from mockserver.contract.validation import Field, fields
from tools.docs.dialect_diff import differences
from tools.docs.markdown import asked_kind, body, limited, status, table, told_kind


def page(contract: Contract, *others: Contract) -> str:
    """Write the reference page of a vendor: endpoints, errors, behaviors, what its other dialects do differently, sources."""
    sources = {name: source for each in (contract, *others) for name, source in each.sources.items()}
    parts = [
        f"# {contract.title}\n",
        f"Served at the root, under `/{contract.vendor}/…`, and for the hosts {', '.join(f'`{host}`' for host in contract.hosts)}.\n",
        *(_endpoint(endpoint) for endpoint in contract.endpoints),
        "## Errors\n",
        table(
            ("error", "status", "body", "basis", "source", ""),
            [_error(contract, name) for name in contract.errors],
        ),
        "## Behaviors\n",
        *(_behavior(behavior) for behavior in contract.behaviors),
        *(["## Dialects\n", differences(contract, others)] if others else []),
        "## Sources\n",
        table(
            ("source", "read", ""),
            [(name, s.read_on, f"[{s.title}]({s.url})" if s.url else s.title) for name, s in sources.items()],
        ),
    ]
    return "\n".join(parts)


def _endpoint(endpoint: Endpoint) -> str:
    paths = "\n".join(f"- `{endpoint.method} {path}`" for path in endpoint.paths)
    parts = [f"## {endpoint.name}\n", f"{endpoint.summary}\n", f"{paths}\n"]
    asked = [
        ("path", f"`{name}`", "string", "required", fact.text, *_basis(fact))
        for name, fact in endpoint.path.items()
    ]
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        asked += [
            (place, f"`{each.name}`", asked_kind(each), _default(each), each.fact.text, *_basis(each.fact))
            for each in fields(model)
        ]
    if asked:
        parts.append(table(("in", "parameter", "type", "default", "", "basis", "source"), asked))
    if endpoint.any_of_fields:
        parts.append(
            f"Of {' and '.join(f'`{name}`' for name in endpoint.any_of_fields)} one at least must be given.\n"
        )
    answer = [
        (f"`{each.name}`", told_kind(each), each.fact.text, *_basis(each.fact))
        for each in fields(endpoint.response, deep=True)
    ]
    parts += ["The answer:\n", table(("field", "type", "", "basis", "source"), answer)]
    told = [
        *(f"- {limited(limit)}" for limit in endpoint.limits),
        *(f"- {_stated(fact)}" for fact in endpoint.facts),
    ]
    parts += ["\n".join(told) + "\n"] if told else []
    if endpoint.lint_rules:
        said = "\n".join(
            dict.fromkeys(f"- `{advice.name}`: {_stated(advice.fact)}" for advice in endpoint.lint_rules)
        )
        parts.append(f"Said of a request that is answered:\n\n{said}\n")
    return "\n".join(parts)


def _default(field: Field) -> str:
    return (
        "required"
        if field.required
        else ""
        if field.default is None or field.default == ""
        else f"`{field.default}`"
    )


def _stated(fact: Fact) -> str:
    return f"{fact.text} *({' '.join(filter(None, _basis(fact)))})*"


def _basis(fact: Fact) -> tuple[str, str]:
    return fact.basis.value, fact.source or ""


def _error(contract: Contract, name: str) -> tuple[str, ...]:
    shape = contract.errors[name]
    return (name, status(shape), body(shape), *_basis(shape.fact), shape.fact.text)


def _behavior(behavior: Behavior) -> str:
    source = f", {behavior.source}" if behavior.source else ""
    lines = [f"### `{behavior.name}`\n", f"{behavior.description} *({behavior.basis.value}{source})*\n"]
    if behavior.options:
        default = {name: " (default)" if name == behavior.default else "" for name in behavior.options}
        lines += [f"- `{name}`{default[name]}: {says}" for name, says in behavior.options.items()]
    else:
        lines.append(f"A whole number of {behavior.unit}, `{behavior.default}` by default.")
    return "\n".join(lines) + "\n"
