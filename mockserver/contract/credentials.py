"""Where a request carries its credentials, as data."""

from msgspec import Struct


class Bearer(Struct, frozen=True, tag=True):
    """``Authorization: Bearer <token>``, or a query parameter where one is named."""

    query: str | None = None
    permission: str | None = None
    """What the token must be allowed to do, in the vendor's words."""

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a request that carry it, beside the header."""
        return () if self.query is None else (self.query,)


class BodyKeys(Struct, frozen=True, tag=True):
    """Fields of the JSON body: a key that names the site, and a secret where one is needed."""

    key: str
    secret: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a request that carry them."""
        return (self.key,) if self.secret is None else (self.key, self.secret)


Credentials = Bearer | BodyKeys
