"""What a test says of its tenant: the marker's arguments, merged from the module to the function."""

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, Final

import pytest

from mockserver._util.suggest import suggest
from mockserver.world.model.spec import WorldSpec

NAME: Final = "session_mock"
ARGUMENTS: Final = {
    "profile": "a named world",
    "now": "the instant at which the clock stands",
    "dialect": "whom vendors are to resemble: one dialect for all that have it, such as observed, or one for each of some vendors",
    "behaviors": "settings of behaviors, merged key by key",
    "credentials": "credentials to have instead of those that follow from the seed",
    "faults": "faults to add, one after the other from module, class and function",
    "strict": "whether the test fails for what it did not allow",
    "allow": "names of findings and refusals that may happen",
    "stall_timeout": "seconds of real time after which a stalled answer is reset and fails the test; 0 for no bound",
    "loop_limit": "requests for a list in a row that may bring no new row, before the client is refused and the test fails; 0 for no limit",
}
"""Arguments of the marker beside the fields of a world's spec."""
_LONGEST: Final = 160
"""Characters of a test's id that a tenant's name keeps."""


def merged(item: pytest.Item) -> dict[str, Any]:
    """The arguments of all markers of a test: the closest wins; behaviors, faults and allowances add up."""
    found: dict[str, Any] = {}
    for mark in reversed(list(item.iter_markers(NAME))):
        if mark.args:
            pytest.fail(
                f"@pytest.mark.{NAME} takes no positional arguments, such as {mark.args[0]!r}; name them",
                pytrace=False,
            )
        for name, value in mark.kwargs.items():
            _check(name, value)
            found[name] = _ADDED[name](found.get(name), value) if name in _ADDED else value
    return found


_TYPES: Final = {"behaviors": (dict, "a dict of settings by name"), "strict": (bool, "True or False")}
"""What some arguments are, in words."""


def _check(name: str, value: Any) -> None:
    known = [*ARGUMENTS, *WorldSpec.__struct_fields__]
    if name not in known:
        pytest.fail(f"@pytest.mark.{NAME} has no argument {name!r}; {suggest(name, known)}", pytrace=False)
    kind, words = _TYPES.get(name, (object, ""))
    if not isinstance(value, kind):
        pytest.fail(f"@pytest.mark.{NAME}({name}={value!r}): {name} is {words}", pytrace=False)


def _listed(before: list[Any] | None, value: Any) -> list[Any]:
    return [*(before or []), *([value] if isinstance(value, str | dict) else value)]


_ADDED: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "behaviors": lambda before, value: {**(before or {}), **value},
    "faults": _listed,
    "allow": _listed,
}
"""How what a module, a class and a function say adds up."""


def seed_of(base: int, nodeid: str) -> int:
    """The seed of a test's world: it follows from the base seed and the test's id alone."""
    return int.from_bytes(blake2b(f"{base} {nodeid}".encode(), digest_size=4).digest(), "big") >> 1


def tenant_name(nodeid: str, attempt: int) -> str:
    """The name of a test's tenant: its id, shortened where it is long, and the attempt where it is not the first."""
    told = "".join(letter if letter.isprintable() else "?" for letter in nodeid)
    if len(told) > _LONGEST:
        told = f"{told[:_LONGEST]}…{blake2b(nodeid.encode(), digest_size=4).hexdigest()}"
    return told if attempt == 1 else f"{told} (attempt {attempt})"
