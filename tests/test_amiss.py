"""What is wrong with JSON, a query or TOML is told in words, with its place and what would be right."""

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, convert, json

from mockserver._util.validation import explain_validation_error
from mockserver.admin_schemas import LimitChange, NewTenant, TraceQuery
from mockserver.server.admin.handlers.journals import JournalQuery
from mockserver.server.tenancy.config import Config
from mockserver.world.model.spec import WorldSpec

CREDENTIAL = "a text that is not empty, in characters that a header can carry, without blanks"


class Made(Struct):
    """A type with what ours have not."""

    either: int | str
    word: Literal["a", "b"] | int = 1
    form: Annotated[str, Meta(pattern="^x$")] = "x"


LIMITS = dict[str, LimitChange]
WRONG: list[tuple[Any, Any, str]] = [
    (Config, {"port": "x"}, "port must be a whole number from 0 to 65535, and is a text"),
    (Config, {"port": 99_999}, "port must be a whole number from 0 to 65535, and is 99999"),
    (Config, {"prot": 1}, "there is no field 'prot'; did you mean 'port'?"),
    (Config, {"tenants": 5}, "tenants must be an object, and is a whole number"),
    (Config, {"tenants": {"acme": {"world": []}}}, "tenants.acme.world must be an object, and is a list"),
    (
        Config,
        {"tenants": {"acme": {"wrld": {}}}},
        "there is no field 'wrld' in tenants.acme; did you mean 'world'?",
    ),
    (Config, {"now": 1.5}, "now must be a text or a whole number, and is 1.5"),
    (Config, {"admin_token": ""}, "admin_token must be a text that is not empty"),
    (Config, {"access_log": "yes"}, "access_log must be true or false, and is a text"),
    (Config, {"credentials": {"a.b": [5]}}, f"credentials.a.b must be {CREDENTIAL}, and is a list"),
    (Config, {"behaviors": {"a.b": None}}, "behaviors.a.b must be a text or a whole number, and is null"),
    (NewTenant, [], "it must be an object, and is a list"),
    (NewTenant, {"world": {"sessions": "many"}}, "world.sessions must be a whole number, and is a text"),
    (NewTenant, {"world": {"sesions": 1}}, "there is no field 'sesions' in world; did you mean 'sessions'?"),
    (
        NewTenant,
        {"world": {"locales": ["de_DE", 3]}},
        "world.locales[1] must be a text, and is a whole number",
    ),
    (NewTenant, {"now": []}, "now must be an instant: ISO 8601 text, or Unix milliseconds, and is a list"),
    (
        NewTenant,
        {"name": ""},
        "name must be a text of 1 to 200 characters, none of them a control character, and neither '.' nor '..'",
    ),
    (
        NewTenant,
        {"credentials": {"a.b": "x y"}},
        f"credentials.a.b must be {CREDENTIAL}",
    ),
    (NewTenant, {"faults": 3}, "faults must be an object or a list, and is a whole number"),
    (NewTenant, {"faults": [{}, 3]}, "faults[1] must be an object, and is a whole number"),
    (NewTenant, {"clock": 5}, "clock must be an object, and is a whole number"),
    (
        NewTenant,
        {"clock": {"rate": 2}},
        'clock.action is missing: say one of freeze, set, advance, scale, follow, reset, such as {"action": "freeze"}',
    ),
    (NewTenant, {"clock": {"action": "frieze"}}, "clock.action cannot be 'frieze'; did you mean 'freeze'?"),
    (
        NewTenant,
        {"clock": {"action": "set"}},
        "clock.now is missing: it must be an instant: ISO 8601 text, or Unix milliseconds",
    ),
    (
        NewTenant,
        {"clock": {"action": "scale", "rate": -1}},
        "clock.rate must be a number from 0 to 86400, and is -1",
    ),
    (LIMITS, {"a": 3}, "a must be an object, and is a whole number"),
    (LIMITS, {"a": {"enabled": 1}}, "a.enabled must be true or false, and is a whole number"),
    (LIMITS, {"a": {"hold": -1}}, "a.hold must be a whole number, at least 0, and is -1"),
    (TraceQuery, {"vendor": "x", "rows": []}, "endpoint is missing: it must be a text"),
    (Made, {}, "either is missing: it must be a whole number or a text"),
    (Made, {"either": 1, "word": []}, "word must be 'a' or 'b' or a whole number, and is a list"),
    (Made, {"either": 1, "word": "c"}, "word cannot be 'c'; known are a, b"),
    (Made, {"either": 1, "form": "y"}, "form must be a text of the form ^x$"),
    (WorldSpec, {"seed": True}, "seed must be a whole number from 0 to 9223372036854775807, and is true"),
    (WorldSpec, {"sessions": 1.5}, "sessions must be a whole number from 0 to 1000000000000, and is 1.5"),
    (WorldSpec, {"quiet_days": [0, 7]}, "quiet_days[1] must be a whole number from 0 to 6, and is 7"),
]
QUERIES = [
    ({"limit": "x"}, "limit must be a whole number, at least 0, and is a text"),
    ({"limit": "-1"}, "limit must be a whole number, at least 0, and is -1"),
    ({"status": "9xx"}, "status must be a text: a status such as 404, or a class of them such as 4xx"),
    ({"unmatched": "perhaps"}, "unmatched must be true or false, and is a text"),
    ({"format": "hr"}, "format cannot be 'hr'; did you mean 'har'?"),
    ({"lmit": "3"}, "there is no field 'lmit'; did you mean 'limit'?"),
]


@pytest.mark.parametrize(
    ("model", "raw", "says"),
    WRONG,
    ids=lambda value: json.encode(value).decode() if isinstance(value, dict | list) else "",
)
def test_what_is_amiss_is_told_with_its_place(model: Any, raw: Any, says: str) -> None:
    """The sentence names the key, of which tenant or at which index, and what would be right."""
    with pytest.raises(ValueError, match=r"^(Expected|Object|Invalid)"):
        convert(raw, model)

    assert says == explain_validation_error(raw, model)


@pytest.mark.parametrize(
    ("query", "says"), QUERIES, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_in_a_query_texts_stand_for_numbers(query: dict[str, str], says: str) -> None:
    """A number is judged by what it says, and not for being a text."""
    assert says == explain_validation_error(query, JournalQuery, texts=True)
    assert (
        explain_validation_error(
            {"limit": "3", "status": "404", "unmatched": "true"}, JournalQuery, texts=True
        )
        is None
    )


def test_nothing_is_amiss_with_what_is_right() -> None:
    """Whatever may be null, one of several kinds, or a number without a fraction is taken as it is."""
    right: Any = {
        "name": None,
        "now": 5,
        "clock": {"action": "scale", "rate": 1},
        "faults": [{}],
        "world": {"sessions": 3.0},
        "behaviors": {"a": 1},
    }

    assert explain_validation_error(right, NewTenant) is None
