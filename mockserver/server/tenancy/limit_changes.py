"""Changes of a tenant's limits: of behaviors, and of the state of :class:`Limits`."""

from collections.abc import Iterator, Mapping

from msgspec import to_builtins

from mockserver._util.places import PlacedError
from mockserver._util.suggest import suggest
from mockserver.admin_schemas.limits import LimitChange
from mockserver.contract.behaviors import BehaviorError
from mockserver.contract.limits import Limit
from mockserver.server.tenancy.limits import Limits
from mockserver.server.tenancy.settings import TenantSettings
from mockserver.vendors.base import Vendor


class LimitError(PlacedError):
    """An unknown limit, or an invalid change of one; the message names it."""


def limits_by_name(vendors: Mapping[str, Vendor]) -> dict[str, Limit]:
    """Return the limits of all endpoints by their full names."""
    limits: dict[str, Limit] = {}
    for vendor in vendors.values():
        for endpoint in vendor.contract.endpoints:
            limits |= {limit.name(vendor.name, endpoint.name): limit for limit in endpoint.limits}
    return limits


def to_change(setting: LimitChange | int) -> LimitChange:
    """Return a setting of a file as a change: a number of requests, or a boolean that is on or off."""
    if isinstance(setting, bool):
        return LimitChange(enabled=setting)
    return LimitChange(allowed=setting) if isinstance(setting, int) else setting


def change_limits(
    settings: TenantSettings, limits: Limits, changes: Mapping[str, LimitChange]
) -> TenantSettings:
    """Change *limits* and return the changed settings; if one change is invalid, nothing is changed.

    Raise :class:`LimitError` or ``BehaviorError`` for an invalid change.
    """
    known = limits_by_name(settings.vendors)
    behaviors: dict[str, str | int] = {}
    owners: dict[str | int, str] = {}
    for name, change in changes.items():
        if name not in known:
            raise LimitError(f"unknown limit {name!r}; {suggest(name, known)}", path=(name,))
        changed_behaviors = dict(_behaviors_of(settings, name, known[name], change))
        behaviors |= changed_behaviors
        owners |= dict.fromkeys(changed_behaviors, name)
    try:
        changed = settings.with_behaviors(behaviors)
    except BehaviorError as error:
        error.path = tuple(owners[name] for name in error.path if name in owners)
        raise
    for name, change in changes.items():
        if change.enabled is not None:
            (limits.off.discard if change.enabled else limits.off.add)(name)
        if change.seconds is not None:
            limits.seconds[name] = change.seconds
    return changed


def _behaviors_of(
    settings: TenantSettings, name: str, limit: Limit, change: LimitChange
) -> Iterator[tuple[str, str | int]]:
    """Yield the behaviors to set for a change of a limit; raise :class:`LimitError` for an invalid one."""
    changed = to_builtins(change)
    for setting in changed:
        if setting not in limit.settings:
            raise LimitError(
                f"limit {name!r} has no {setting!r}; it has {', '.join(limit.settings)}", path=(name, setting)
            )
    for setting, behavior in limit.behaviors.items():
        if setting in changed:
            yield behavior, changed[setting]
    values = limit.values(settings.behaviors[name.partition(".")[0]]) | changed
    if not change.enabled or values.get("allowed") != 0:
        return
    if change.allowed == 0:
        raise LimitError(
            f"limit {name!r}: `allowed` 0 is unlimited, which contradicts `enabled`;"
            " give a number, or leave one of the two out",
            path=(name, "allowed"),
        )
    if limit.documented is None:
        raise LimitError(
            f"limit {name!r}: the vendor does not document a number; give `allowed` as well", path=(name,)
        )
    yield limit.behaviors["allowed"], limit.documented
