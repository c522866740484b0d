"""The changes of a site that do not follow from the spec: sent, added and deleted sessions."""

from typing import Any

from msgspec import Struct

from mockserver.world.generator.deletions import Deletions
from mockserver.world.generator.tracked import TrackedData, TrackedEvent
from mockserver.world.world import Site, World


class SiteChanges(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """The changes of a site, in a form that JSON can carry."""

    events: tuple[TrackedEvent, ...] = ()
    """In the order in which they were sent or added."""
    identities: dict[str, dict[str, Any]] = {}
    """Traits by actor."""
    joined: tuple[int, ...] = ()
    """Numbers of the generated sessions whose events are among the events."""
    deleted: tuple[int, ...] = ()
    """Numbers of the deleted sessions."""


def read_changes(world: World) -> list[SiteChanges]:
    """Return the changes of each site."""
    return [_read_site(site) for site in world.sites]


def _read_site(site: Site) -> SiteChanges:
    data = site.tracked_data
    return SiteChanges(
        events=tuple(data.log[: data.count]),
        identities={actor: dict(traits) for actor, traits in data.identities.items()},
        joined=tuple(sorted(data.joined)),
        deleted=tuple(sorted(site.deletions.numbers)),
    )


def apply_changes(world: World, changes: list[SiteChanges]) -> World:
    """Return an unchanged world with the changes of each site; sites without changes may be left out."""
    for number, change in enumerate(changes[: len(world.sites)]):
        site = world.sites[number]
        data = TrackedData(identities=change.identities, joined=frozenset(change.joined))
        data = data.with_events(change.events, site.find_seeded)
        deletions = Deletions(frozenset(change.deleted)) if change.deleted else None
        world = world.replace_site(site.replace(tracked_data=data, deletions=deletions))
    return world
