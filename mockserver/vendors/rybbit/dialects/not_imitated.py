"""Known differences from every server that was run, each with the revision with which it was compared."""

from mockserver.contract.provenance import NotImitated


def edges_of_range(revision: str) -> NotImitated:
    return NotImitated(
        "sessions at the edges of a time range",
        "cut: only their events in the range count",
        "whole, if they start in it",
        revision,
    )


def syntax_of_re2(revision: str) -> NotImitated:
    return NotImitated(
        "syntax of RE2 that Python does not have: \\p{Lu}, \\Q, \\z, [[:alpha:]]",
        "200",
        "500, or other matches",
        revision,
    )


def order_within_second(revision: str) -> NotImitated:
    return NotImitated(
        "order of sessions that end in the same second",
        "no order, also between pages",
        "latest start first, then by session_id",
        revision,
    )
