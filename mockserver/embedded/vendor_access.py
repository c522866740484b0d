"""What a client of one vendor needs, ready to use."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from mockserver.admin_schemas import VendorAccess, repr_masked


class VendorHandle(Struct, frozen=True, kw_only=True):
    """A vendor as a tenant's clients meet it."""

    name: str
    base_url: str
    """Where a client is pointed."""
    credentials: Mapping[str, str]
    headers: Mapping[str, str]
    """Ready to send with every request; empty where credentials travel in the body."""
    body: Mapping[str, str]
    """Fields ready to stand in every JSON body; empty where credentials travel in a header."""
    sites: tuple[str, ...]
    """The vendor's id of each site, in the same order for every vendor."""
    segments: Mapping[str, str]
    """Segment name to the vendor's id for it."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials", "headers", "body"))

    def for_site(self, site: int) -> "VendorHandle":
        """Return the same vendor with the credentials of another site, if sites have their own."""
        if not -len(self.sites) <= site < len(self.sites):
            raise IndexError(f"there is no site {site}; sites are 0 to {len(self.sites) - 1}")
        other = self.sites[site]

        def turned(fields: Mapping[str, str]) -> dict[str, str]:
            return {name: other if value in self.sites else value for name, value in fields.items()}

        return replace(self, credentials=turned(self.credentials), body=turned(self.body))


def vendor_handle(name: str, access: VendorAccess) -> VendorHandle:
    """Make the handle of what a server tells of a vendor."""
    return VendorHandle(
        name=name,
        base_url=access.url,
        credentials=access.credentials,
        headers=access.headers,
        body=access.body,
        sites=tuple(access.sites),
        segments=access.segments,
    )
