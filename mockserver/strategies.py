"""Hypothesis strategies for tests of clients: worlds, faults, sizes of pages, credentials and texts that trip them over.

Importing it needs Hypothesis, which session-mock itself does not install.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from mockserver.embedded.vendor_access import VendorHandle
from mockserver.server.faults.registry import kinds

__all__ = ["credentials", "fault_schedules", "hostile_strings", "page_sizes", "worlds"]

_START: Final = datetime(2026, 9, 1, tzinfo=UTC)
_GRAINS: Final = (3_600_000, 60_000, 1_000, 1)
_SLOW: Final = ("latency", "stall", "dribble", "reset", "truncate")
"""Kinds that take real time, or end in a client's timeout."""
_HOSTILE: Final = (
    "",
    " ",
    "\u00a0",
    "null",
    "None",
    "0",
    "-1",
    "1e309",
    "true",
    "[]",
    "{}",
    '"',
    "'",
    "\\",
    "%",
    "%00",
    "%2F..%2F",
    "../../etc/passwd",
    "a&b=c",
    "a+b c",
    "a;b,c",
    "#fragment",
    "?query",
    "line\nbreak",
    "tab\tstop",
    "{{7*7}}",
    "' OR 1=1 --",
    "<script>alert(1)</script>",
    "Ωmega",
    "日本語",
    "שלום",
    "🙂",
    "e\u0301",
    "\u202ereversed",
    "\ufeffmarked",
    "x" * 2_048,
)


def worlds(*, sessions: int = 60, hours: int = 72) -> st.SearchStrategy[dict[str, Any]]:
    """Small worlds, as keyword arguments of ``tenant(**world)``; they shrink to few sessions that share no start.

    At most so many ``sessions``, within so many ``hours``, often few: in short spans with a coarse ``grain``, sessions share starts.
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
            "vocabulary": st.sampled_from(["default", "awkward"]),
        },
    )


def fault_schedules(*only: str, most: int = 3, **conditions: Any) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Lists of at most so many faults, for ``faults=`` or ``faults.add(**fault)``; each triggers three times at most.

    ``only`` names the kinds; by default all that take no real time and keep the connection. ``conditions``, such as
    ``vendor=`` and ``endpoint=``, hold for each. They shrink to no fault.
    """
    known = kinds()
    for kind in only:
        if kind not in known:
            raise ValueError(f"there is no kind of fault {kind!r}; known are {', '.join(known)}")
    wanted = only or tuple(kind for kind in known if kind not in _SLOW)
    when = st.fixed_dictionaries(
        {"times": st.integers(1, 3)}, optional={"after": st.integers(0, 3), "page": st.integers(1, 3)}
    )

    def active(kind: str, moment: Mapping[str, Any]) -> dict[str, Any]:
        example = {name: value for name, value in known[kind].EXAMPLE.items() if name not in {"nth", "page"}}
        return {**example, **moment, **conditions}

    return st.lists(st.builds(active, st.sampled_from(wanted), when), max_size=most)


def page_sizes(maximum: int = 100) -> st.SearchStrategy[int]:
    """Sizes of pages from 1 to a maximum, the edges more often than chance would have them."""
    return st.sampled_from(sorted({1, 2, max(maximum - 1, 1), maximum})) | st.integers(1, maximum)


def credentials(vendor: VendorHandle) -> st.SearchStrategy[dict[str, str]]:
    """A vendor's credentials of which one is wrong: empty, cut, longer, in other letters, or something else altogether."""

    def transform(name: str, value: str) -> dict[str, str]:
        return {**vendor.credentials, name: value}

    def wrong(name: str) -> st.SearchStrategy[dict[str, str]]:
        right = vendor.credentials[name]
        near = st.sampled_from(["", right[:-1], right + "0", right.swapcase(), right[::-1], "0" * len(right)])
        return st.builds(
            transform, st.just(name), (near | hostile_strings()).filter(lambda value: value != right)
        )

    return st.sampled_from(sorted(vendor.credentials)).flatmap(wrong)


def hostile_strings(*, most: int = 200) -> st.SearchStrategy[str]:
    """Texts that clients forget to encode, escape, cut or compare rightly, and any other text of up to so many characters."""
    return st.sampled_from(_HOSTILE) | st.text(max_size=most)
