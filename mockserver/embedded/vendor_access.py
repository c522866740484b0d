"""Everything that a client of one vendor needs."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from mockserver._util.masking import repr_masked
from mockserver.admin_schemas.tenants import VendorAccess


class VendorHandle(Struct, frozen=True, kw_only=True):
    """Everything that a client of one vendor needs: base URL, credentials, headers and body fields."""

    name: str
    base_url: str
    """The URL to configure in the client."""
    credentials: Mapping[str, str]
    headers: Mapping[str, str]
    """Headers to send with every request; empty if credentials are sent in the body."""
    body: Mapping[str, str]
    """Fields to include in every JSON body; empty if credentials are sent in a header."""
    sites: tuple[str, ...]
    """The vendor's id of each site, in the same order for every vendor."""
    segments: Mapping[str, str]
    """The vendor's id of each segment, by the segment's name."""

    def __repr__(self) -> str:
        return repr_masked(self, secret=("credentials", "headers", "body"))

    def for_site(self, site: int) -> "VendorHandle":
        """Return this vendor with the credentials of another site."""
        if not -len(self.sites) <= site < len(self.sites):
            raise IndexError(f"unknown site {site}; use 0 to {len(self.sites) - 1}")
        site_id = self.sites[site]

        keys = {key: site_id for key in self.credentials.values() if key in self.sites}
        # The value of a header also has the name of the scheme.
        headers = {
            name: " ".join(keys.get(word, word) for word in value.split(" "))
            for name, value in self.headers.items()
        }
        credentials, body = (
            {name: keys.get(value, value) for name, value in fields.items()}
            for fields in (self.credentials, self.body)
        )
        return replace(self, credentials=credentials, headers=headers, body=body)


def make_vendor_handle(name: str, access: VendorAccess) -> VendorHandle:
    """Build the handle of a vendor from the admin API's description."""
    return VendorHandle(
        name=name,
        base_url=access.url,
        credentials=access.credentials,
        headers=access.headers,
        body=access.body,
        sites=tuple(access.sites),
        segments=access.segments,
    )
