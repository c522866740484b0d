"""The kinds of faults, and how faults are parsed from JSON."""

from collections.abc import Mapping
from functools import cache
from itertools import chain
from typing import Any

from msgspec import ValidationError, convert
from msgspec.structs import fields

from mockserver._util.places import placed
from mockserver._util.suggest import suggest
from mockserver.server.faults.base import Fault
from mockserver.server.tenancy.active_faults import FaultError


@cache
def kinds() -> Mapping[str, type[Fault]]:
    """Return every kind of fault by its name."""
    from mockserver.server.faults import (  # noqa: PLC0415 -- most servers have no fault
        headers,
        paging,
        respond,
        schema,
        status,
        wire,
        world_events,
    )

    modules = (wire, headers, status, respond, paging, schema, world_events)
    classes = chain.from_iterable(module.FAULTS for module in modules)
    return {str(fault.__struct_config__.tag): fault for fault in classes}


def read(raw: Any) -> list[Fault]:
    """Parse one fault or a list of faults from JSON values; raise :class:`FaultError` for an invalid one."""
    if not isinstance(raw, list):
        return [_read_one(raw, "")]
    faults = []
    for number, fault in enumerate(raw):
        with placed(number):
            faults.append(_read_one(fault, "" if len(raw) == 1 else f"faults[{number}]: "))
    return faults


def _read_one(raw: Any, place: str) -> Fault:
    """Parse a fault; *place* precedes the messages of errors."""
    if not isinstance(raw, Mapping) or "kind" not in raw:
        raise FaultError(
            f'{place}expected an object with a kind, such as {{"kind": "latency", "seconds": 0.2}};'
            f" kinds are {', '.join(kinds())}"
        )
    kind = raw["kind"]
    if not isinstance(kind, str) or kind not in kinds():
        raise FaultError(
            f"{place}unknown kind of fault {kind!r}; {suggest(str(kind), kinds())}", path=("kind",)
        )
    model = kinds()[kind]
    arguments = [field.encode_name for field in fields(model)]
    for name in raw:
        if name not in arguments and name != "kind":
            raise FaultError(
                f"{place}fault {kind!r}: unknown argument {name!r}; {suggest(name, arguments)}", path=(name,)
            )
    try:
        fault = convert(raw, model)
        fault.check()
    except ValidationError as error:
        from mockserver._util.validation import locate_problem  # noqa: PLC0415 -- keeps start-up fast

        problem, path = locate_problem(raw, model, error)
        raise FaultError(f"{place}fault {kind!r}: {problem}", path=path) from None
    except FaultError as error:
        raise FaultError(f"{place}{error}", path=error.path) from None
    return fault
