"""The arguments of ``@pytest.mark.session_mock``, merged from module, class and function."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

import pytest

from mockserver._util.suggest import suggest
from mockserver.world.model.spec import WorldSpec

NAME: Final = "session_mock"
ARGUMENTS: Final = {
    "scenario": "name of a scenario, or path of a TOML file; the other arguments override its settings",
    "profile": "name of a world",
    "now": "time at which the clock is frozen",
    "dialect": "one dialect for all vendors that have it, such as observed, or a dict of dialects by vendor",
    "behaviors": "dict of behaviors; merged key by key",
    "credentials": "dict of credentials to use instead of the generated ones",
    "faults": "faults to add, in the order module, class, function",
    "tls": "True: the server accepts https; see tls_url and ca_file",
    "limits": "dict of changes of limits by name; merged key by key",
    "strict": "True: errors that the test did not allow fail it; 'warnings': warnings too; False: neither",
    "allow": "names of findings and errors to allow",
    "stall_timeout": "seconds of real time after which a stalled response is reset and the test fails;"
    " 0 for no timeout",
    "cases": "target and topic or case of the conformance check, such as vendor/endpoint:retry, or a list of"
    " them; the test runs once for each case, with the fixture session_mock_case",
    "loop_limit": "consecutive requests for a list without a new row after which the client gets an error"
    " and the test fails; 0 never stops the client",
}
"""Arguments of the marker in addition to the fields of a world's spec."""
_MAX_NAME_LENGTH: Final = 160
"""Characters of a test's id that its tenant's id keeps."""


def merge_markers(item: pytest.Item) -> dict[str, Any]:
    """Merge the markers of a test: the closest wins; behaviors, faults and allow are combined."""
    arguments: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers(NAME))):
        if mark.args:
            pytest.fail(
                f"@pytest.mark.{NAME}: unexpected positional argument {mark.args[0]!r};"
                " use keyword arguments",
                pytrace=False,
            )
        for name, value in mark.kwargs.items():
            _check(name, value)
            combine = _COMBINERS.get(name)
            arguments[name] = value if combine is None else combine(arguments.get(name), value)
    return arguments


_CHECKS: Final[dict[str, tuple[Callable[[Any], bool], str]]] = {
    "behaviors": (lambda value: isinstance(value, dict), "a dict of behaviors by name"),
    "tls": (lambda value: isinstance(value, bool), "True or False"),
    "strict": (
        lambda value: isinstance(value, bool) or value in ("warnings", "errors"),
        "True, False or 'warnings'",
    ),
}
"""Conditions of some arguments, and their description."""


def _check(name: str, value: Any) -> None:
    known = [*ARGUMENTS, *WorldSpec.__struct_fields__]
    if name not in known:
        pytest.fail(f"@pytest.mark.{NAME}: unknown argument {name!r}; {suggest(name, known)}", pytrace=False)
    is_valid, description = _CHECKS.get(name, (lambda _: True, ""))
    if not is_valid(value):
        pytest.fail(f"@pytest.mark.{NAME}: {name}: invalid value {value!r}; use {description}", pytrace=False)


def _combine_dicts(before: dict[str, Any] | None, value: dict[str, Any]) -> dict[str, Any]:
    return {**(before or {}), **value}


def _combine_lists(before: list[Any] | None, value: Any) -> list[Any]:
    values = [value] if isinstance(value, str | dict) else value
    return [*(before or []), *values]


_COMBINERS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "behaviors": _combine_dicts,
    "limits": _combine_dicts,
    "faults": _combine_lists,
    "allow": _combine_lists,
}


def derive_seed(base_seed: int, nodeid: str) -> int:
    """Return the seed of a test's world, which depends only on the base seed and the test's id."""
    return int.from_bytes(blake2b(f"{base_seed} {nodeid}".encode(), digest_size=4).digest(), "big") >> 1


def derive_tenant_id(nodeid: str, attempt: int) -> str:
    """Return the id of a test's tenant: the shortened id of the test, and the attempt if not the first."""
    name = "".join(character if character.isprintable() else "?" for character in nodeid)
    if len(name) > _MAX_NAME_LENGTH:
        name = f"{name[:_MAX_NAME_LENGTH]}…{blake2b(nodeid.encode(), digest_size=4).hexdigest()}"
    return name if attempt == 1 else f"{name} (attempt {attempt})"
