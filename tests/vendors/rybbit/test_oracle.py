"""Replay what an independent database finds in the worlds of the mock (``make oracle``)."""

from itertools import product

import pytest
from msgspec import json

from mockserver.vendors.rybbit import VENDOR
from mockserver.vendors.rybbit.dialects import server_2025, server_2026_07, server_2026_09
from mockserver.vendors.rybbit.filters.fields import FEATURE_FLAG
from tests.vendors.rybbit.oracle.evidence import (
    DIALECTS,
    WORLDS,
    Case,
    Mock,
    RecordedWorld,
    Recording,
    find_file,
)

RECORDINGS = {
    dialect: json.decode(find_file(dialect).read_bytes(), type=Recording, strict=True) for dialect in DIALECTS
}
BEHAVIORS = dict(
    zip(DIALECTS, (module.BEHAVIOR for module in (server_2025, server_2026_07, server_2026_09)), strict=True)
)


@pytest.mark.parametrize(("dialect", "world_name"), [*product(DIALECTS, WORLDS)])
def test_filters_find_what_database_finds_or_differ_as_stated(dialect: str, world_name: str) -> None:
    recorded = RECORDINGS[dialect].worlds[world_name]

    assert Mock(dialect, world_name).find_disagreements(recorded) == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recording_has_all_parameters_with_all_types_in_each_world(dialect: str) -> None:
    syntax = BEHAVIORS[dialect].list_filters
    parameters = {f"{name}beta" if name == FEATURE_FLAG else name for name in syntax.parameters}

    for endpoint, recorded in product(
        ("list_sessions", "list_session_locations"), RECORDINGS[dialect].worlds.values()
    ):
        cases = [case.filters for case in recorded.cases if case.endpoint == endpoint]
        single = {(parameter, kind) for [(parameter, kind, _)] in (each for each in cases if len(each) == 1)}
        assert single == {*product(parameters, syntax.types)}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_recording_names_revision_and_differences_that_contract_states(dialect: str) -> None:
    recording = RECORDINGS[dialect]
    contract = VENDOR.in_dialect(dialect).contract
    differences = {
        case.differs for world in recording.worlds.values() for case in world.cases if case.differs
    }

    assert any(recording.revision in source.title for source in contract.sources.values())
    assert differences <= {difference.what for difference in contract.not_imitated}


def test_changed_world_is_reported_instead_of_filters() -> None:
    recorded = RecordedWorld("0", [Case(rows=0)])

    assert Mock(DIALECTS[0], "default").find_disagreements(recorded) == ["the world changed: run make oracle"]


def test_wrong_answer_and_outdated_statement_are_reported() -> None:
    mock = Mock(DIALECTS[0], "default")
    case = mock.answer(Case(query={"identified_only": "true"}))
    wrong = Case(query=case.query, rows=case.rows, digest="0")
    outdated = Case(query=case.query, rows=case.rows, digest=case.digest, differs="edges")

    found = mock.find_disagreements(RecordedWorld(mock.digest_events(), [case, wrong, outdated]))

    assert [text.split(" {")[0] for text in found] == [
        "the database answers",
        "the mock answers like the database:",
    ]
