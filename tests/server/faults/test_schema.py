"""Tests of the fault that changes fields of some rows."""

from typing import Any

import pytest
from msgspec import UNSET, json

from mockserver._util.json_paths import get_at
from mockserver.server.expected.rows import all_rows_params
from mockserver.server.faults.registry import read
from mockserver.server.faults.schema import RowChange, row_fields
from mockserver.server.tenancy.active_faults import FaultError
from mockserver.vendors import load_dialects
from tests.server.faults.seen import LISTS, name
from tests.support.pages import walk_pages, with_page_size

COUNT = 40
ANY_LIST = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.rows_path is not None
]


def text_field(pair: Any) -> str:
    """Return a field of the rows that has a text and does not identify them."""
    known = row_fields(*pair[:1], pair[1].name)
    return next(
        field
        for field, kind in known.items()
        if kind.__origin__ in (str, str | None) and field not in pair[1].row_key
    )


async def collect(mock: Any, pair: Any, size: int) -> list[Any]:
    async def fetch(params: dict[str, Any]) -> Any:
        return json.decode((await mock.ask(*pair, params))[1])

    first = with_page_size(pair[1], all_rows_params(mock.tenant, pair[1]), size)
    return [row async for page in walk_pages(pair[1], first, fetch) for row in page.rows]


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_same_rows_change_on_pages_of_every_size(serve: Any, pair: Any) -> None:
    mock = await serve(world={"sessions": COUNT})
    plain = await collect(mock, pair, 7)
    mock.tenant.faults.add(
        read({"kind": "schema", "field": "risk_score", "change": "unknown", "value": 5, "share": 0.5})
    )
    changed = [await collect(mock, pair, size) for size in (3, 7, 25)]
    with_field = [row for row in changed[0] if "risk_score" in row]
    mock.tenant.faults.clear()
    mock.tenant.faults.add(read({"kind": "latency", "seconds": 0}))
    mock.tenant.faults.add(
        read({"kind": "schema", "field": "risk_score", "change": "unknown", "value": 5, "share": 0.5})
    )

    assert changed[0] == changed[1] == changed[2]
    assert [{key: row[key] for key in row if key != "risk_score"} for row in changed[0]] == plain
    assert COUNT * 0.2 < len(with_field) < COUNT * 0.8
    assert {row["risk_score"] for row in with_field} == {5}
    assert await collect(mock, pair, 7) != changed[0]  # Another fault changes other rows.


@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_page_without_changed_row_has_no_effect(serve: Any, pair: Any) -> None:
    mock = await serve(world={"sessions": COUNT})
    [active] = mock.tenant.faults.add(
        read({"kind": "schema", "field": "risk_score", "change": "unknown", "share": 0.2})
    )
    changed = sum("risk_score" in row for row in await collect(mock, pair, 1))

    assert active.triggered >= COUNT > active.effective == changed > 0


@pytest.mark.parametrize(
    ("change", "value", "row", "expected"),
    [
        ("missing", ..., {"a": 1, "b": 2}, {"b": 2}),
        ("missing", ..., {"b": 2}, {"b": 2}),
        ("null", ..., {"a": [1]}, {"a": None}),
        ("type", ..., {"a": 1.5}, {"a": "1.5"}),
        ("type", ..., {"a": True}, {"a": "true"}),
        ("type", ..., {"a": "abc"}, {"a": 3}),
        ("type", ..., {"a": [4, 5]}, {"a": {"0": 4, "1": 5}}),
        ("type", ..., {"a": {"x": 1}}, {"a": [1]}),
        ("type", ..., {"a": None}, {"a": None}),
        ("type", [], {"a": 1}, {"a": []}),
        ("unknown", ..., {"b": 1}, {"b": 1, "a": "new_value"}),
        ("enum", ..., {"a": "Mobile"}, {"a": "new_value"}),
        ("enum", "Watch", {"a": "Mobile"}, {"a": "Watch"}),
        ("enum", ..., {"a": None}, {"a": None}),
    ],
)
def test_row_is_changed(change: Any, value: Any, row: Any, expected: Any) -> None:
    before = json.encode(row)
    edit = RowChange(
        change=change, path=("a",), value=UNSET if value is ... else value, share=1, stream=1, row_key=()
    )
    nested = RowChange(change=change, path=("c", "a"), value=edit.value, share=1, stream=1, row_key=())

    assert edit(row) == expected
    assert nested({"c": [dict(row), dict(row)]}) == {"c": [expected, expected]}
    assert nested({"c": None}) == {"c": None}
    assert json.encode(row) == before


@pytest.mark.parametrize("pair", ANY_LIST, ids=lambda pair: f"{pair[0].label}.{pair[1].name}")
async def test_every_list_can_change_each_of_its_fields(serve: Any, pair: Any) -> None:
    mock = await serve(pair[0], world={"sessions": 3})
    for field in row_fields(pair[0], pair[1].name):
        mock.tenant.faults.add(
            read({"kind": "schema", "vendor": pair[0].name, "field": field, "change": "missing", "share": 1})
        )
    status, body = await mock.ask(*pair, {**all_rows_params(mock.tenant, pair[1]), **pair[1].example})

    assert status == 200
    assert all(row == {} for row in get_at(json.decode(body), pair[1].rows_path))


@pytest.mark.parametrize("pair", LISTS, ids=name)
def test_invalid_field_is_rejected(pair: Any) -> None:
    where: dict[str, Any] = {"vendor": pair[0].name, "endpoint": pair[1].name, "kind": "schema"}
    number = next(
        field
        for field, kind in row_fields(pair[0], pair[1].name).items()
        if kind.__origin__ in (int, int | None)
    )
    text = text_field(pair)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"field": text + "x", "change": "null"}, f"schema: unknown field '{text}x'; did you mean '{text}'?"),
        ({"field": text, "change": "unknown"}, f"schema: the vendor documents the field '{text}'"),
        (
            {"field": number, "change": "enum"},
            f"schema: the field '{number}' has no text, as the change `enum`",
        ),
        (
            {"field": text, "change": "enum", "value": 3},
            "schema: value 3 is not a text, as the change `enum`",
        ),
        ({"field": text, "change": "null", "value": 3}, "schema: a field that is null has no value;"),
        ({"field": text}, "fault 'schema': change is missing; expected "),
        (
            {"field": text, "change": "nul"},
            "fault 'schema': change: unknown value 'nul'; did you mean 'null'?",
        ),
    ]
    for arguments, message in cases:
        with pytest.raises(FaultError) as caught:
            read({**where, **arguments})

        assert str(caught.value).startswith(message)


def test_endpoint_without_rows_is_rejected() -> None:
    vendor, endpoint = next(
        (vendor, endpoint)
        for vendor in load_dialects()
        for endpoint in vendor.contract.endpoints
        if endpoint.rows_path is None
    )
    with pytest.raises(FaultError, match=f"schema: '{endpoint.name}' returns no rows; name another endpoint"):
        read(
            {
                "kind": "schema",
                "vendor": vendor.name,
                "endpoint": endpoint.name,
                "field": "a",
                "change": "null",
            }
        )
