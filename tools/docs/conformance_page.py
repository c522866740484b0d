"""Generate the page about the cases of the conformance check."""

from collections.abc import Iterator

from msgspec import json

from mockserver.conformance.case import KINDS, NEEDS, OUTCOMES, TOPICS, Case, list_sets, load_cases
from mockserver.conformance.target import list_targets
from tools.docs.markdown import table

_INTRODUCTION = """\
# Cases of the conformance check

`session-mock check` runs a client through these cases. [Check a client](howto/check.md) shows how to use it;
[the command](cli.md) lists its options. A case is one tenant, one run of the client and one verdict.
"""
_VERDICTS = """\
The verdict of an outcome is *right*, *acceptable* or *wrong*; it follows from the kind of the case, unless
the case has other ratings. A verdict is *inconclusive* if the event of the case had no effect on the client.
A case does *not apply* to an endpoint that lacks what it needs. Timing is judged by the server; an outcome
that depends on it, `hung` or `hammering`, is reported only after a second run. A case has one client: a
refused request for rows that follows once more is a retry, also on a new connection. Pages may be requested
in parallel, but not one of them twice at once.
"""
_SETS = """\
`--cases SET` uses only the cases of a published set. A case of such a set never changes: it is replaced by a
case with another name in a later set. Sets: {sets}.
"""


def conformance() -> str:
    """Return the page about outcomes, kinds, targets and cases."""
    cases = load_cases().values()
    targets = [
        (f"`{target.label}`", str(sum(target.find_lacking(case) is None for case in cases)))
        for target in list_targets()
    ]
    sets = ", ".join(f"`{name}`" for name in list_sets(cases))
    parts = [
        _INTRODUCTION,
        "## Outcomes\n",
        table(("outcome", "meaning"), [(f"`{name}`", text) for name, text in OUTCOMES.items()]),
        "## Verdicts\n",
        _VERDICTS,
        table(("kind of case", "verdicts"), KINDS.items()),
        "## Sets\n",
        _SETS.format(sets=sets),
        "## Targets\n",
        table(("target", "cases that apply to a command"), targets),
    ]
    for topic, text in TOPICS.items():
        parts.append(f"## `{topic}`\n\n{text}\n")
        parts += [_describe(case) for case in cases if case.topic == topic]
    return "\n".join(parts)


def _describe(case: Case) -> str:
    lines = [f"### `{case.id}`\n", f"{case.title}\n", f"- A correct client: {case.expected}"]
    lines += _facts(case)
    return "\n".join(lines) + "\n"


def _facts(case: Case) -> Iterator[str]:
    needs = ", ".join(NEEDS[need] for need in case.needs)
    yield f"- Kind: {case.kind}" + (f"; needs {needs}" if needs else "") + f"; since {case.since}"
    for outcome, rating in case.verdicts.items():
        yield f"- `{outcome}` is {rating}."
    for style, verdicts in case.style_verdicts.items():
        for outcome, rating in verdicts.items():
            yield f"- With pages by {style}, `{outcome}` is {rating}."
    for fault in case.faults:
        yield f"- Fault: `{json.encode(fault).decode()}`"
