"""Invalid JSON, queries and TOML are explained with the place, the problem and the expected value."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, convert, json

from mockserver._util.validation import explain_validation_error
from mockserver.admin_schemas.expected import TraceQuery
from mockserver.admin_schemas.limits import LimitChange
from mockserver.admin_schemas.tenants import NewTenant
from mockserver.server.admin.handlers.journals import JournalQuery
from mockserver.server.configuration.config import Config
from mockserver.world.model.spec import WorldSpec

CREDENTIAL = "a text of printable ASCII characters without spaces, not empty"


class Sample(Struct):
    """Has kinds of fields that the project's own types lack."""

    either: int | str
    word: Literal["a", "b"] | int = 1
    form: Annotated[str, Meta(pattern="^x$")] = "x"


LIMITS = dict[str, LimitChange]
WRONG: list[tuple[Any, Any, str]] = [
    (Config, {"port": "x"}, "port must be an integer from 0 to 65535, got a string"),
    (Config, {"port": 99_999}, "port must be an integer from 0 to 65535, got 99999"),
    (Config, {"prot": 1}, "unknown field 'prot'; did you mean 'port'?"),
    (Config, {"tenants": 5}, "tenants must be an object, got an integer"),
    (Config, {"tenants": {"acme": {"world": []}}}, "tenants.acme.world must be an object, got an array"),
    (
        Config,
        {"tenants": {"acme": {"wrld": {}}}},
        "tenants.acme: unknown field 'wrld'; did you mean 'world'?",
    ),
    (Config, {"now": 1.5}, "now must be a string or an integer, got 1.5"),
    (Config, {"admin_token": ""}, "admin_token must be a non-empty string"),
    (Config, {"access_log": "yes"}, "access_log must be true or false, got a string"),
    (Config, {"credentials": {"a.b": [5]}}, f"credentials.a.b must be {CREDENTIAL}, got an array"),
    (Config, {"behaviors": {"a.b": None}}, "behaviors.a.b must be a string or an integer, got null"),
    (NewTenant, [], "expected an object, got an array"),
    (NewTenant, {"world": {"sessions": "many"}}, "world.sessions must be an integer, got a string"),
    (NewTenant, {"world": {"sesions": 1}}, "world: unknown field 'sesions'; did you mean 'sessions'?"),
    (
        NewTenant,
        {"world": {"locales": ["de_DE", 3]}},
        "world.locales[1] must be a string, got an integer",
    ),
    (NewTenant, {"now": []}, "now must be an instant: ISO 8601 text, or Unix milliseconds, got an array"),
    (
        NewTenant,
        {"name": ""},
        "name must be a text of 1 to 200 characters, without control characters and lone surrogates, and neither '.' nor '..'",
    ),
    (
        NewTenant,
        {"credentials": {"a.b": "x y"}},
        f"credentials.a.b must be {CREDENTIAL}",
    ),
    (NewTenant, {"faults": 3}, "faults must be an object or an array, got an integer"),
    (NewTenant, {"faults": [{}, 3]}, "faults[1] must be an object, got an integer"),
    (NewTenant, {"clock": 5}, "clock must be an object, got an integer"),
    (
        NewTenant,
        {"clock": {"rate": 2}},
        'clock.action is missing; expected one of freeze, set, advance, rate, system, reset, such as {"action": "freeze"}',
    ),
    (
        NewTenant,
        {"clock": {"action": "frieze"}},
        "clock.action: unknown value 'frieze'; did you mean 'freeze'?",
    ),
    (
        NewTenant,
        {"clock": {"action": "set"}},
        "clock.now is missing; expected an instant: ISO 8601 text, or Unix milliseconds",
    ),
    (
        NewTenant,
        {"clock": {"action": "rate", "rate": -1}},
        "clock.rate must be a number from 0 to 86400, got -1",
    ),
    (LIMITS, {"a": 3}, "a must be an object, got an integer"),
    (LIMITS, {"a": {"enabled": 1}}, "a.enabled must be true or false, got an integer"),
    (LIMITS, {"a": {"hold": -1}}, "a.hold must be an integer, at least 0, got -1"),
    (TraceQuery, {"vendor": "x", "rows": []}, "endpoint is missing; expected a string"),
    (Sample, {}, "either is missing; expected an integer or a string"),
    (Sample, {"either": 1, "word": []}, "word must be 'a' or 'b' or an integer, got an array"),
    (Sample, {"either": 1, "word": "c"}, "word: unknown value 'c'; known are a, b"),
    (Sample, {"either": 1, "form": "y"}, "form must be a string that matches ^x$"),
    (WorldSpec, {"seed": True}, "seed must be an integer from 0 to 9223372036854775807, got true"),
    (WorldSpec, {"sessions": 1.5}, "sessions must be an integer from 0 to 1000000000000, got 1.5"),
    (NewTenant, {"world": {"sessions": 3.0}}, "world.sessions must be an integer, got 3.0"),
    (WorldSpec, {"quiet_days": [0, 7]}, "quiet_days[1] must be an integer from 0 to 6, got 7"),
]
QUERIES = [
    ({"limit": "x"}, "limit must be an integer, at least 0, got a string"),
    ({"limit": "-1"}, "limit must be an integer, at least 0, got -1"),
    ({"status": "9xx"}, "status must be a string: a status such as 404, or a class such as 4xx"),
    ({"no_endpoint": "perhaps"}, "no_endpoint must be true or false, got a string"),
    ({"format": "hr"}, "format: unknown value 'hr'; did you mean 'har'?"),
    ({"lmit": "3"}, "unknown field 'lmit'; did you mean 'limit'?"),
]


@pytest.mark.parametrize(
    ("model", "raw", "message"),
    WRONG,
    ids=lambda value: json.encode(value).decode() if isinstance(value, dict | list) else "",
)
def test_explanation_of_invalid_value_names_place_and_expected_type(
    model: Any, raw: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=r"^(Expected|Object|Invalid)"):
        convert(raw, model)

    assert message == explain_validation_error(raw, model)


@pytest.mark.parametrize(
    ("query", "message"), QUERIES, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_explanation_of_query_converts_texts_to_numbers(query: dict[str, str], message: str) -> None:
    assert message == explain_validation_error(query, JournalQuery, texts=True)
    assert (
        explain_validation_error(
            {"limit": "3", "status": "404", "no_endpoint": "true"}, JournalQuery, texts=True
        )
        is None
    )


def test_explanation_of_valid_value_is_none() -> None:
    valid: Any = {
        "name": None,
        "now": 5,
        "clock": {"action": "rate", "rate": 1},
        "faults": [{}],
        "world": {"sessions": 3},
        "behaviors": {"a": 1},
    }

    assert explain_validation_error(valid, NewTenant) is None
