"""Hypothesis strategies for tests of clients: worlds, faults, page sizes, credentials and texts.

Needs Hypothesis, which session-mock does not install.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from mockserver._util.suggest import suggest
from mockserver.embedded.vendor_access import VendorHandle
from mockserver.server.faults.registry import kinds

__all__ = ["credentials", "fault_schedules", "hostile_strings", "page_sizes", "worlds"]

_START: Final = datetime(2026, 9, 1, tzinfo=UTC)
_GRAINS: Final = (3_600_000, 60_000, 1_000, 1)
_SLOW: Final = ("latency", "stall", "dribble", "slow", "reset", "close", "truncate", "chunked")
"""Kinds of faults that take real time, or end in a client's timeout."""
_BLANK: Final = ("", " ", "\u00a0")
_LITERALS: Final = ("null", "None", "0", "-1", "1e309", "true", "[]", "{}")
_SYNTAX: Final = ('"', "'", "\\", "%", "%00", "%2F..%2F", "../../etc/passwd")
_URL_SYNTAX: Final = ("a&b=c", "a+b c", "a;b,c", "#fragment", "?query", "line\nbreak", "tab\tstop")
_INJECTIONS: Final = ("{{7*7}}", "' OR 1=1 --", "<script>alert(1)</script>")
_UNICODE: Final = ("Ωmega", "日本語", "שלום", "🙂", "e\u0301", "\u202ereversed", "\ufeffmarked")
_HOSTILE: Final = (*_BLANK, *_LITERALS, *_SYNTAX, *_URL_SYNTAX, *_INJECTIONS, *_UNICODE, "x" * 2_048)


def worlds(*, sessions: int = 60, hours: int = 72) -> st.SearchStrategy[dict[str, Any]]:
    """Draw small worlds, as keyword arguments of ``create_tenant(**world)``.

    They have at most *sessions* sessions within at most *hours* hours. Short worlds with a coarse ``grain``
    have sessions with equal start times. They shrink to few sessions with different start times.
    """
    spans = st.sampled_from([span for span in (1, 2, 6, 24) if span <= hours]) | st.integers(1, hours)
    ends = spans.map(lambda span: (_START + timedelta(hours=span)).isoformat())
    return st.fixed_dictionaries(
        {
            "sessions": st.integers(0, sessions),
            "start": st.just(_START.isoformat()),
            "end": ends,
            "sites": st.just(1),
        },
        optional={
            "seed": st.integers(0, 1 << 16),
            "grain": st.sampled_from(_GRAINS),
            "bots_percent": st.integers(0, 100),
            "unknown_places_percent": st.integers(0, 100),
            "unknown_agents_percent": st.integers(0, 100),
            "late_logins_percent": st.integers(0, 100),
            "vocabulary": st.sampled_from(["default", "awkward"]),
        },
    )


def fault_schedules(
    *only: str, max_size: int = 3, **conditions: Any
) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw lists of at most *max_size* faults, for ``faults=`` or ``faults.add(**fault)``.

    Each fault is triggered at most 3 times. *only* are the kinds to draw from; by default all that take no
    real time and keep the connection. *conditions*, such as ``vendor=`` and ``endpoint=``, apply to every
    fault. They shrink to no fault.
    """
    known = kinds()
    for kind in only:
        if kind not in known:
            raise ValueError(f"unknown kind of fault {kind!r}; {suggest(kind, known)}")
    drawn_kinds = only or tuple(kind for kind in known if kind not in _SLOW)
    schedule = st.fixed_dictionaries(
        {"times": st.integers(1, 3)}, optional={"after": st.integers(0, 3), "page": st.integers(1, 3)}
    )

    def build_fault(kind: str, moment: Mapping[str, Any]) -> dict[str, Any]:
        example = {name: value for name, value in known[kind].EXAMPLE.items() if name not in {"nth", "page"}}
        return {**example, **moment, **conditions}

    return st.lists(st.builds(build_fault, st.sampled_from(drawn_kinds), schedule), max_size=max_size)


def page_sizes(maximum: int = 100) -> st.SearchStrategy[int]:
    """Draw page sizes from 1 to *maximum*, preferring the smallest and largest."""
    return st.sampled_from(sorted({1, min(2, maximum), max(maximum - 1, 1), maximum})) | st.integers(
        1, maximum
    )


def credentials(vendor: VendorHandle) -> st.SearchStrategy[dict[str, str]]:
    """Draw a vendor's credentials with one wrong value."""

    def replace_value(name: str, value: str) -> dict[str, str]:
        return {**vendor.credentials, name: value}

    def draw_wrong_value(name: str) -> st.SearchStrategy[dict[str, str]]:
        right = vendor.credentials[name]
        near = st.sampled_from(["", right[:-1], right + "0", right.swapcase(), right[::-1], "0" * len(right)])
        wrong = (near | hostile_strings()).filter(lambda value: value != right)
        return st.builds(replace_value, st.just(name), wrong)

    return st.sampled_from(sorted(vendor.credentials)).flatmap(draw_wrong_value)


def hostile_strings(*, max_size: int = 200) -> st.SearchStrategy[str]:
    """Draw texts that clients often encode, escape or compare wrongly, and any other text."""
    return st.sampled_from(_HOSTILE) | st.text(max_size=max_size)
