"""The changes of worlds, as values that JSON can carry."""

from typing import Any

from msgspec import Struct

from mockserver.world.generator.deletions import Deletions
from mockserver.world.generator.imported.session import ImportedSession
from mockserver.world.generator.tracked import TrackedData, TrackedEvent
from mockserver.world.world import Site, World, with_imported


class SiteChanges(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """The changes of a site, in a form that JSON can carry."""

    events: tuple[TrackedEvent, ...] = ()
    """In the order in which they were sent or added."""
    identities: dict[str, dict[str, Any]] = {}
    """Traits by actor."""
    merged: dict[str, str] = {}
    """By anonymous id, the user id to which its events belong."""
    joined: tuple[int, ...] = ()
    """Numbers of the generated sessions whose events are among the events."""
    deleted: tuple[int, ...] = ()
    """Numbers of the deleted sessions."""
    imported: tuple[ImportedSession, ...] = ()
    """The sessions of a file, ascending by start."""


def read_changes(world: World) -> list[SiteChanges]:
    return [_read_site(site) for site in world.sites]


def _read_site(site: Site) -> SiteChanges:
    data = site.tracked_data
    return SiteChanges(
        events=tuple(data.log[: data.count]),
        identities={actor: dict(traits) for actor, traits in data.identities.items()},
        merged=dict(data.merged),
        joined=tuple(sorted(data.joined)),
        deleted=tuple(sorted(site.deletions.numbers)),
        imported=() if site.imported is None else tuple(site.imported.sessions),
    )


def apply_changes(world: World, changes: list[SiteChanges]) -> World:
    """Return the world with the changes of each site; sites without changes may be left out.

    They replace tracked data and deletions, and imported sessions if there are any among them.
    """
    for number, change in enumerate(changes[: len(world.sites)]):
        world = with_imported(world, number, change.imported)
        site = world.sites[number]
        data = TrackedData(
            identities=change.identities, joined=frozenset(change.joined), merged=change.merged
        )
        data = data.with_events(change.events, site.find_seeded)
        deletions = Deletions(frozenset(change.deleted)) if change.deleted else None
        world = world.replace_site(site.replace(tracked_data=data, deletions=deletions))
    return world
