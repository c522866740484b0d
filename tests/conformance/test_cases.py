"""Cases as data: they are valid, apply to every list, and those of a published set never change."""

from itertools import chain
from pathlib import Path

import pytest
from msgspec.structs import replace

from mockserver.conformance.case import (
    NEEDS,
    OUTCOMES,
    TOPICS,
    CaseError,
    Size,
    digest_of,
    list_sets,
    load_cases,
    parse_cases,
    select_cases,
)
from mockserver.conformance.expectations import read_expectations
from mockserver.conformance.target import Target, TargetError, list_targets, parse_target
from mockserver.server.faults.registry import kinds, read
from mockserver.vendors import load_dialects

DIGESTS = {"2026.12": "2a9e3bc3b4b50c7f"}
"""Digests of published sets; a changed case needs a new name and the name of the next set."""
LISTS = [
    Target(vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]


def test_cases_of_published_sets_never_change() -> None:
    cases = load_cases().values()

    assert {
        name: digest_of(case for case in cases if case.since <= name) for name in list_sets(cases)
    } == DIGESTS


def test_forty_cases_apply_to_every_list_in_every_dialect() -> None:
    counts = {
        target.label: sum(target.find_lacking(case) is None for case in load_cases().values())
        for target in LISTS
    }

    assert min(counts.values()) >= 40, counts


def test_every_need_topic_and_fault_of_cases_exists() -> None:
    cases = load_cases().values()
    needs = set(chain.from_iterable(case.needs for case in cases))

    assert needs <= set(NEEDS)
    assert {case.topic for case in cases} == set(TOPICS)
    for case in cases:
        assert all(fault["kind"] in kinds() for fault in case.faults)
        read(list(case.faults))


def test_only_outcomes_of_a_kind_are_right() -> None:
    for case in load_cases().values():
        ratings = {case.rate_outcome(outcome, "none") for outcome in OUTCOMES}
        assert "right" in ratings
        assert "wrong" in ratings


def test_size_counts_sessions_for_pages() -> None:
    assert Size(pages=2.5).count(5) == 12
    assert Size(pages=1, plus=-1).count(100) == 99
    assert Size(pages=0).count(100) == 0


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('[[case]]\nname = "a"\ntitle = "A."\nexpected = "B."\n', "paging.toml: a: since is missing"),
        (
            '[[case]]\nname = "a"\ntitle = "A."\nexpected = "B."\nsince = "2026.12"\nkinds = "plain"\n',
            "paging.toml: a: unknown field 'kinds'; did you mean 'kind'?",
        ),
        (
            '[[case]]\nname = "a"\ntitle = "A."\nexpected = "B."\nsince = "2026.12"\nkind = "plan"\n',
            "paging.toml: a: kind: unknown value 'plan'; did you mean 'plain'?",
        ),
    ],
    ids=["missing", "unknown-field", "unknown-value"],
)
def test_invalid_case_is_explained(toml: str, message: str) -> None:
    with pytest.raises(CaseError) as caught:
        parse_cases(toml, "paging")

    assert str(caught.value).startswith(message)


def test_cases_are_selected_by_set_name_and_topic() -> None:
    cases = load_cases()
    later = {**cases, "paging/later": replace(cases["paging/empty"], name="later", since="2027.03")}

    assert "paging/later" not in [case.id for case in select_cases(later, case_set="2026.12")]
    assert "paging/later" in [case.id for case in select_cases(later, case_set="2027.03")]
    assert [case.id for case in select_cases(cases, names=["retry/500-once"])] == ["retry/500-once"]
    assert {case.topic for case in select_cases(cases, topics=["auth", "data"], skipped=["data"])} == {"auth"}
    with pytest.raises(CaseError, match="unknown case 'retry/500-one'; did you mean 'retry/500-once'"):
        select_cases(cases, names=["retry/500-one"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rybbit", "invalid target 'rybbit'; use VENDOR/ENDPOINT, such as "),
        ("rybit/list_sessions", "unknown vendor 'rybit'; did you mean 'rybbit'?"),
        ("rybbit/sessions", "rybbit: unknown endpoint 'sessions'; did you mean 'list_sessions'?"),
        ("rybbit/list_sessions@newest", "rybbit: unknown dialect 'newest'; known are"),
        ("rybbit/get_session", "rybbit/get_session has neither rows nor a body"),
    ],
)
def test_invalid_target_is_explained(text: str, message: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse_target(text)

    assert str(caught.value).startswith(message)


def test_target_is_parsed_with_dialect() -> None:
    assert parse_target("rybbit/list_sessions@observed").label == "rybbit/list_sessions@server-2026-09"
    assert parse_target("browsee/track") in list_targets()


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[known]\n'retry/500-one' = 'lost'", "unknown case 'retry/500-one'; did you mean 'retry/500-once'"),
        ("[known]\n'retry/500-once' = 'los'", "unknown verdict 'los'; did you mean 'lost'?"),
        ("known = 1", "expected one table [known]"),
        ("[known", "write TOML with a table [known]"),
    ],
    ids=["case", "verdict", "table", "syntax"],
)
def test_invalid_expectations_are_explained(tmp_path: Path, toml: str, message: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(toml)

    with pytest.raises(CaseError) as caught:
        read_expectations(path, load_cases())

    assert message in str(caught.value)
