"""A vendor's contract as a page of Markdown."""

from collections.abc import Iterable

from mockserver.contract.basis import Fact
from mockserver.contract.choices import ByChoice, Choice
from mockserver.contract.endpoint import Contract, Endpoint
from mockserver.contract.request import fields


def page(contract: Contract) -> str:
    """Write the reference page of a vendor: endpoints, errors, choices, sources."""
    parts = [
        f"# {contract.title}\n",
        f"Served at the root, under `/{contract.vendor}/…`, and for the hosts {', '.join(f'`{host}`' for host in contract.hosts)}.\n",
        *(_endpoint(endpoint) for endpoint in contract.endpoints),
        "## Errors\n",
        _table(("error", "status", "body", "basis", "source", ""), [_error(contract, name) for name in contract.errors]),
        "## Choices\n",
        *(_choice(choice) for choice in contract.choices),
        "## Sources\n",
        _table(
            ("source", "read", ""), [(name, s.read, f"[{s.title}]({s.url})" if s.url else s.title) for name, s in contract.sources.items()]
        ),
    ]
    return "\n".join(parts)


def _endpoint(endpoint: Endpoint) -> str:
    paths = "\n".join(f"- `{endpoint.method} {path}`" for path in endpoint.paths)
    parts = [f"## {endpoint.name}\n", f"{endpoint.summary}\n", f"{paths}\n"]
    told = [("path", name, "", fact) for name, fact in endpoint.path.items()]
    for place, model in (("query", endpoint.query), ("body", endpoint.body)):
        told += [(place, field.name, "required" if field.required else _default(field.default), field.fact) for field in fields(model)]
    if told:
        rows = [(place, f"`{name}`", default, fact.says, *_basis(fact)) for place, name, default, fact in told]
        parts.append(_table(("in", "parameter", "default", "", "basis", "source"), rows))
    answer = [(f"`{field.name}`", field.fact.says, *_basis(field.fact)) for field in fields(endpoint.response, deep=True)]
    parts += ["The answer:\n", _table(("field", "", "basis", "source"), answer)]
    if endpoint.facts:
        parts.append("\n".join(f"- {fact.says} *({' '.join(filter(None, _basis(fact)))})*" for fact in endpoint.facts) + "\n")
    if endpoint.advice:
        said = [f"- `{advice.name}`: {advice.fact.says} *({' '.join(filter(None, _basis(advice.fact)))})*" for advice in endpoint.advice]
        parts += ["Said of a request that is answered:\n", "\n".join(said) + "\n"]
    return "\n".join(parts)


def _default(value: object) -> str:
    return "" if value is None or value == "" else f"`{value}`"


def _basis(fact: Fact) -> tuple[str, str]:
    return fact.basis.value, fact.source or ""


def _error(contract: Contract, name: str) -> tuple[str, ...]:
    shape = contract.errors[name]
    status = shape.status
    told = f"by `{status.choice}`" if isinstance(status, ByChoice) else str(status)
    body = (
        "empty"
        if shape.body is None
        else f"`{str(shape.body).replace(chr(39), chr(34)).replace('None', 'null').replace('False', 'false')}`"
    )
    return (name, told, body, *_basis(shape.fact), shape.fact.says)


def _choice(choice: Choice) -> str:
    source = f", {choice.source}" if choice.source else ""
    lines = [f"### `{choice.name}`\n", f"{choice.says} *({choice.basis.value}{source})*\n"]
    if choice.options:
        default = {name: " (default)" if name == choice.default else "" for name in choice.options}
        lines += [f"- `{name}`{default[name]}: {says}" for name, says in choice.options.items()]
    else:
        lines.append(f"A whole number of {choice.unit}, `{choice.default}` by default.")
    return "\n".join(lines) + "\n"


def _table(headings: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(headings)
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"
