"""Judge a run: its outcome, and how right that is."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.admin_schemas.journals import Verification
from mockserver.client import AdminClient
from mockserver.client.exchange_texts import count_of
from mockserver.conformance.case import Case, Outcome, Verdict
from mockserver.conformance.client import Attempt
from mockserver.conformance.evidence import (
    Comparison,
    Evidence,
    EvidenceError,
    ListEvidence,
    compare_recorded,
    read_recorded,
)
from mockserver.conformance.results import CaseResult, ExchangeSummary
from mockserver.conformance.situation import Situation
from mockserver.conformance.target import Target
from mockserver.contract.findings import FINDINGS
from mockserver.embedded.exchange_summary import summarize_exchange

HAMMERING: Final = ("hammering", "retry-too-soon", "retry-of-permanent-refusal")
HUNG: Final = ("endless-paging", "no-timeout")
TIMED: Final[frozenset[Outcome]] = frozenset({"hung", "hammering", "violation", "loud"})
"""Outcomes that depend on time; where they are wrong, they are confirmed in a second run.

On a busy machine a correct client can reach its own timeout: it sends a request again, or gives up."""
_MAX_LINE: Final = 300
_MAX_EXCHANGES: Final = 200
_MAX_OUTPUT: Final = 600
_MIN_SECRET: Final = 8

Exchange = Mapping[str, Any]


class Runs(Struct, frozen=True, kw_only=True):
    """All runs of a client in a case: one, or two if it was ended and run again."""

    case: Case
    target: Target
    situation: Situation
    attempts: Sequence[Attempt]
    comparison: Comparison
    without_faults: Sequence[bytes] = ()
    """The bodies that a sender delivers if nothing fails."""
    unmatched: int = 0
    """Number of requests that belong to no tenant."""
    ignores_window: bool = False
    """True if the client does not request the window that it is given."""

    @property
    def last(self) -> Attempt:
        """The last run."""
        return self.attempts[-1]


class _Finding(Struct, frozen=True):
    """An outcome with its reason."""

    outcome: Outcome
    reason: str
    rows: Sequence[str] = ()
    exchanges: Sequence[int] = ()


def judge(admin: AdminClient, runs: Runs) -> CaseResult:
    """Return the verdict of a case."""
    tenant = runs.situation.tenant
    exchanges = tenant.journal.exchanges()
    doubt = _find_doubt(runs, exchanges)
    found: _Finding | None = None
    if doubt is None:
        try:
            found = _find_outcome(admin, runs, tenant.verify(), exchanges)
        except EvidenceError as error:
            doubt = str(error)
    rating: Verdict = "inconclusive"
    if not _is_host_used(runs, exchanges):
        rating, found = "not applicable", None
        doubt = f"it needs a client that reaches the server as {_host_of(runs.situation.vendor.base_url)}"
    if found is not None:
        target = runs.target
        rating = runs.case.rate_outcome(found.outcome, target.style, is_list=target.is_list)
    return CaseResult(
        case=runs.case.id,
        title=runs.case.title,
        expected_behavior=runs.case.expected,
        verdict=rating,
        outcome=None if found is None else found.outcome,
        reason=doubt or ("" if found is None else found.reason),
        rows=() if found is None else tuple(found.rows),
        exchanges=tuple(_summarize(exchanges[:_MAX_EXCHANGES])),
        notable=() if found is None else tuple(found.exchanges),
        output="" if rating == "right" else mask(runs.last.messages[-_MAX_OUTPUT:], runs.situation.secrets),
        seconds=sum(attempt.seconds for attempt in runs.attempts),
    )


def mask(text: str, secrets: Iterable[str]) -> str:
    """Return a text without credentials."""
    for secret in secrets:
        if len(secret) >= _MIN_SECRET:
            text = text.replace(secret, "[redacted]")
    return text


def _summarize(exchanges: Sequence[Exchange]) -> Iterable[ExchangeSummary]:
    started = None
    for exchange in exchanges:
        at = _started(exchange)
        started = at if started is None else started
        response = exchange["response"] or {}
        yield ExchangeSummary(
            number=exchange["number"],
            at=round(at - started, 3),
            seconds=round((exchange["duration_ms"] or 0) / 1000, 3),
            status=response.get("status", 0),
            line=summarize_exchange(exchange, _MAX_LINE),
            is_faulty=bool(exchange["effective_faults"]),
            findings=tuple(
                finding["name"] for finding in exchange["findings"] if finding["level"] == "error"
            ),
        )


def _find_doubt(runs: Runs, exchanges: Sequence[Exchange]) -> str | None:
    """Return why the case shows nothing about the client; None if it does."""
    case = runs.case
    because = _because(runs.last.failure)
    endpoint = (runs.target.vendor.name, runs.target.endpoint.name)
    sent = any((item["vendor"], item["endpoint"]) == endpoint for item in exchanges)
    if case.credential != "valid":
        is_known = sent or runs.unmatched or (case.credential == "missing" and runs.last.failure)
        return None if is_known else f"the client sent no request{because}"
    if not sent and runs.case.backwards:
        return None
    if not sent:
        return f"the client sent no request to {runs.target.label}{because}"
    if case.topic == "window" and runs.ignores_window:
        return (
            "the client does not request the window that it is given with SESSION_MOCK_START and"
            " SESSION_MOCK_END, or with {case.start} and {case.end}; skip the topic window if it cannot"
        )
    return _find_absent_effect(runs, exchanges)


def _find_absent_effect(runs: Runs, exchanges: Sequence[Exchange]) -> str | None:
    """Return what should have happened to the client, and did not."""
    case = runs.case
    because = _because(runs.last.failure)
    if case.ended_after is not None and not runs.attempts[0].ended:
        return f"the client ended before it requested page {case.ended_after + 1}{because}"
    for fault in runs.situation.tenant.faults:
        if not fault["triggered"]:
            return f"the fault {fault['kind']} never triggered: no request met its conditions{because}"
        if not fault["effective"]:
            return f"the fault {fault['kind']} had no effect on a response"
    if case.provokes and not any(item["error"] == case.provokes for item in exchanges):
        return f"the client never got the error {case.provokes}{because}"
    return None


def _because(failure: str) -> str:
    return f" ({failure})" if failure else ""


def _find_outcome(
    admin: AdminClient, runs: Runs, verification: Verification, exchanges: Sequence[Exchange]
) -> _Finding:
    last = runs.last
    found = _find_leak(runs, exchanges)
    found = found or _find_named(verification, HUNG, "hung")
    if found is None and last.timed_out:
        found = _Finding("hung", "the client did not end, although it sent no request any more")
    found = found or _find_named(verification, HAMMERING, "hammering")
    if found is None and last.unreadable:
        found = _Finding(
            "invented", f"the rows cannot be read, although the client succeeded: {last.unreadable}"
        )
    if found is not None:
        return found
    evidence = _collect_evidence(admin, runs)
    for outcome in ("invented", "duplicated", "lost"):
        if found is None and evidence.counts.get(outcome) and not (outcome == "lost" and last.failure):
            found = _describe_rows(outcome, evidence, runs)
    if found is None and last.failure:
        found = _Finding("loud", f"the client failed: {last.failure}")
    found = found or _find_violation(verification)
    rows = f"{evidence.delivered} of {evidence.expected}"
    return found or _Finding("complete", f"{rows} {'rows' if runs.target.is_list else 'events'} delivered")


def _find_leak(runs: Runs, exchanges: Sequence[Exchange]) -> _Finding | None:
    texts = [attempt.output for attempt in runs.attempts]
    for secret in runs.situation.secrets:
        if len(secret) >= _MIN_SECRET and any(secret in text for text in texts):
            return _Finding("leaked", "the output of the client contains a credential")
    return _find_credential_elsewhere(runs, exchanges)


def _find_credential_elsewhere(runs: Runs, exchanges: Sequence[Exchange]) -> _Finding | None:
    """Return the outcome if the client followed a response to another host with its credential."""
    if not runs.case.names_elsewhere:
        return None
    host = _host_of(runs.situation.tenant.url)
    for exchange in exchanges:
        # The tenant has this exchange, whose path is unknown, only because of the credential in it.
        if _requested_host(exchange) == host:
            reason = f"the client sent its credential to another host, {host}"
            return _Finding("leaked", reason, (), [exchange["number"]])
    return None


def _is_host_used(runs: Runs, exchanges: Sequence[Exchange]) -> bool:
    """Return False if a case leads to another host, and the client does not use the first as it is given.

    Such a client cannot reach that name, or has an address of its own, which may be that of the other host.
    """
    if not runs.case.names_elsewhere:
        return True
    given = _host_of(runs.situation.vendor.base_url)
    return bool(exchanges) and _requested_host(exchanges[0]) == given


def _host_of(url: str) -> str:
    return urlsplit(url).netloc


def _requested_host(exchange: Exchange) -> str:
    """Return the header Host of a request, in lower case."""
    headers = {name.lower(): text for name, text in exchange["request"]["headers"]}
    return str(headers.get("host", "")).lower()


def _find_named(verification: Verification, names: Sequence[str], outcome: Outcome) -> _Finding | None:
    """Return the outcome that a finding of level error proves."""
    for finding in verification.findings:
        if finding.level == "error" and finding.name in names:
            return _Finding(outcome, f"{finding.name}: {finding.message}", (), finding.exchanges)
    return None


def _started(exchange: Exchange) -> float:
    return datetime.fromisoformat(exchange["real_time"]).timestamp()


def _find_violation(verification: Verification) -> _Finding | None:
    found = _find_named(verification, [*FINDINGS], "violation")
    if found is None and verification.unexpected:
        error = verification.unexpected[0]
        return _Finding("violation", f"{error.name}: {error.message}", (), error.exchanges)
    return found


def _collect_evidence(admin: AdminClient, runs: Runs) -> Evidence:
    tenant = runs.situation.tenant
    evidence = ListEvidence(
        admin=admin, tenant=tenant, target=runs.target, neighbors=runs.situation.neighbors
    )
    if not runs.target.is_list:
        return compare_recorded(read_recorded(tenant, runs.target), runs.without_faults)
    if runs.case.credential != "valid":
        lost: dict[Outcome, int] = {} if runs.last.failure else {"lost": 1}
        return Evidence(expected=1, delivered=0, counts=lost)
    rows, texts = _join_rows(runs)
    if rows is None:
        return evidence.compare_coverage(may_request_nothing=runs.case.backwards)
    whole_world = runs.case.topic == "window"
    try:
        return evidence.compare_rows(rows, runs.comparison, texts=texts, whole_world=whole_world)
    except EvidenceError:
        if not runs.last.failure:
            raise
    # It printed a message instead of rows, which may look like CSV.
    return evidence.compare_rows([], runs.comparison, texts=texts, whole_world=whole_world)


def _join_rows(runs: Runs) -> tuple[list[Any] | None, bool]:
    """Return the rows of all runs, and whether their values are texts.

    A file has the rows that the last run left in it; rows on stdout are those of all runs.
    """
    if runs.last.rows is None:
        return None, False
    if not runs.last.joins_rows:
        return runs.last.rows, runs.last.texts
    rows: list[Any] = []
    for attempt in runs.attempts:
        rows += attempt.rows or []
    return rows, any(attempt.texts for attempt in runs.attempts)


def _describe_rows(outcome: Outcome, evidence: Evidence, runs: Runs) -> _Finding:
    rows = "row" if runs.target.is_list else "event"
    count = count_of(evidence.counts[outcome], rows)
    invented = "from outside of the window" if evidence.is_outside else "invented or altered"
    words = {"lost": "missing", "duplicated": "repeated", "invented": invented}
    ending = "although the client succeeded" if outcome == "lost" else "among what the client delivered"
    reason = (
        f"{count} {words[outcome]} {ending}; {evidence.delivered} delivered, {evidence.expected} expected"
    )
    return _Finding(outcome, reason, evidence.problems.get(outcome, ()), evidence.exchanges)
