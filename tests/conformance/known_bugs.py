"""The cases that each wrong client fails, with the outcome; it fails no others."""

from typing import Final

RYBBIT: Final = "rybbit/list_sessions"
BROWSEE: Final = "browsee/export_sessions"
SPARKLYTICS: Final = "sparklytics/list_sessions"
BRAZE: Final = "braze/sessions_data_series"

_TOLD_TO_WAIT: Final = (
    "retry/429-seconds",
    "retry/429-date",
    "retry/429-twice",
    "retry/429-first",
    "retry/503-seconds",
    "retry/503-date",
    "retry/503-twice",
    "retry/429-then-503",
)
_WINDOWS: Final = (
    "window/five-days",
    "window/month-end",
    "window/year-end",
    "window/leap-day",
    "window/short-day",
    "window/long-day",
    "window/far-east",
    "window/far-west",
)
FAILURES: Final[dict[str, tuple[str, dict[str, str]]]] = {
    "trusts-empty-page": (RYBBIT, {"paging/empty-page": "lost"}),
    "stops-after-ten-pages": (SPARKLYTICS, {"paging/many-pages": "lost"}),
    "never-waits": (
        BROWSEE,
        dict.fromkeys((*_TOLD_TO_WAIT, "retry/500-always", "retry/503-always"), "hammering"),
    ),
    "ignores-retry-after": (BRAZE, dict.fromkeys(_TOLD_TO_WAIT, "hammering")),
    "follows-any-next": (
        BROWSEE,
        {
            "paging/empty-page": "hung",
            "paging/total-grows": "hung",
            "paging/same-page-once": "duplicated",
            "paging/same-page-always": "duplicated",
            "paging/stuck-cursor-once": "duplicated",
            "paging/stuck-cursor-always": "duplicated",
            "paging/no-end": "hung",
            "change/deleted-oldest": "lost",
        },
    ),
    "takes-refusal-for-end": (
        SPARKLYTICS,
        dict.fromkeys(
            (
                "paging/expired-cursor",
                "retry/400-always",
                "retry/403-always",
                "retry/404-always",
                "auth/wrong",
                "auth/missing",
                "auth/refused",
                "auth/expired",
                "auth/refused-once",
                "wire/redirect-elsewhere",
            ),
            "lost",
        ),
    ),
    "takes-damage-for-end": (
        RYBBIT,
        dict.fromkeys(
            (
                "wire/truncated-length",
                "wire/malformed-cut",
                "wire/malformed-quotes",
                "wire/malformed-always",
                "wire/empty-body",
                "wire/html-page",
                "wire/error-inside",
                "wire/list-of-nothing",
            ),
            "lost",
        ),
    ),
    "uses-local-time": (
        BROWSEE,
        dict.fromkeys(
            ("window/short-day", "window/long-day", "window/far-east", "window/far-west"), "invented"
        ),
    ),
    "begins-day-early": (BRAZE, dict.fromkeys(_WINDOWS, "invented")),
    "ends-before-last-second": (BROWSEE, dict.fromkeys(_WINDOWS, "lost")),
    "swaps-window": (RYBBIT, {"window/backwards": "invented"}),
    "stops-at-short-page": (SPARKLYTICS, {"paging/clamped-limit": "lost"}),
    "follows-redirects": (BROWSEE, {"wire/redirect-elsewhere": "leaked"}),
    "reads-numbers-as-floats": (SPARKLYTICS, {"data/large-number": "invented"}),
    "knows-browsers": (RYBBIT, {"data/enum-value": "loud"}),
    "repeats-refused": (
        RYBBIT,
        dict.fromkeys(
            (
                "retry/400-always",
                "retry/403-always",
                "retry/404-always",
                "auth/refused",
                "auth/expired",
                "auth/refused-once",
            ),
            "hammering",
        ),
    ),
    "keeps-rows-on-restart": (
        SPARKLYTICS,
        dict.fromkeys(
            (
                "paging/empty-page",
                "paging/same-page-once",
                "paging/stuck-cursor-once",
                "paging/expired-cursor",
                "paging/no-end-once",
                "wire/redirect-elsewhere",
            ),
            "duplicated",
        ),
    ),
    "has-no-timeout": (
        BRAZE,
        dict.fromkeys(("wire/stall-before", "wire/stall-after-head", "wire/stall-in-body"), "hung"),
    ),
    "prints-key": (
        BRAZE,
        dict.fromkeys(
            (
                "retry/400-always",
                "retry/403-always",
                "retry/404-always",
                "auth/wrong",
                "auth/refused",
                "wire/redirect-elsewhere",
            ),
            "leaked",
        ),
    ),
}
