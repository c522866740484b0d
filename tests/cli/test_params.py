"""Parameter types and parsers of the command line."""

import click
import pytest
from click.testing import CliRunner

from mockserver.cli.params import (
    OneOf,
    Pair,
    combine_options,
    format_examples,
    parse_dialects,
    parse_json_or_text,
)


@pytest.mark.parametrize(("text", "pair"), [("a=1", ("a", "1")), ("b=x=y", ("b", "x=y")), ("c=", ("c", ""))])
def test_pair_splits_at_first_equals_sign(text: str, pair: tuple[str, str]) -> None:
    assert Pair("NAME=VALUE").convert(text, None, None) == pair


@pytest.mark.parametrize("text", ["a", "=1", ""])
def test_pair_of_other_text_names_option_and_form(text: str) -> None:
    @click.command
    @click.option("--set", "pairs", type=Pair("KEY=VALUE"))
    def command(**_: object) -> None: ...

    result = CliRunner().invoke(command, ["--set", text])

    assert result.exit_code == 2
    assert f"Invalid value for '--set': invalid value {text!r}; write KEY=VALUE" in result.stderr


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("1.5", 1.5),
        ("true", True),
        ('["a"]', ["a"]),
        ('"5"', "5"),
        ("2026-09-20", "2026-09-20"),
        ("", ""),
        ("{", "{"),
    ],
)
def test_parse_json_or_text_prefers_json(text: str, value: object) -> None:
    assert parse_json_or_text(text) == value
    assert Pair("KEY=VALUE", parse_json_or_text).convert(f"a={text}", None, None) == ("a", value)


@pytest.mark.parametrize(
    ("texts", "dialects"),
    [
        ((), {}),
        (("observed",), "observed"),
        (("a=b", "c=d"), {"a": "b", "c": "d"}),
        (("a=b,c=d",), {"a": "b", "c": "d"}),
    ],
)
def test_parse_dialects_accepts_one_name_or_pairs(texts: tuple[str, ...], dialects: object) -> None:
    assert parse_dialects(texts) == dialects


def test_parse_dialects_of_mixture_is_usage_error() -> None:
    with pytest.raises(click.BadParameter, match="VENDOR=DIALECT"):
        parse_dialects(["observed", "a=b"])


def test_one_of_returns_known_word_and_suggests_nearest_for_unknown() -> None:
    words = OneOf(["ndjson", "har"])

    assert words.convert("har", None, None) == "har"
    with pytest.raises(click.BadParameter, match="unknown value 'hra'; did you mean 'har'"):
        words.convert("hra", None, None)
    with pytest.raises(click.BadParameter, match="unknown value 'csv'; known are ndjson, har"):
        words.convert("csv", None, None)


def test_combine_options_and_format_examples_appear_in_help_in_order() -> None:
    """Example lines are not wrapped, however long they are."""
    line = "session-mock " + "word " * 40 + "end"

    def run(**_: object) -> None: ...

    options = combine_options(click.option("--first", help="One."), click.option("--second", help="Two."))
    command = click.command(epilog=format_examples(line, "second line"))(options(run))
    shown = CliRunner().invoke(command, ["--help"], terminal_width=60).output

    assert shown.index("--first") < shown.index("--second") < shown.index("Examples:")
    assert f"    {line}\n    second line\n" in shown
