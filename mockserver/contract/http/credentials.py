"""Where requests carry their credentials, as data."""

from typing import Final

from msgspec import Struct

SCHEME: Final = "Bearer"


class Bearer(Struct, frozen=True, tag=True):
    """``Authorization: Bearer <token>``, or a query parameter if ``query`` names one."""

    query: str | None = None
    permission: str | None = None
    """The permission that the token needs, as the vendor calls it."""
    exact_scheme: bool = False
    """If True, ``bearer`` is another scheme; in the HTTP standard, schemes are case-insensitive."""

    def accepts_scheme(self, scheme: str) -> bool:
        """Return whether a word before the token is the scheme."""
        return scheme == SCHEME or (not self.exact_scheme and scheme.lower() == SCHEME.lower())

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a request that carry the token, in addition to the header."""
        return () if self.query is None else (self.query,)


class BodyKeys(Struct, frozen=True, tag=True):
    """Fields of the JSON body: a key that identifies the site, and a secret if one is needed."""

    key: str
    secret: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of a request that carry key and secret."""
        return (self.key,) if self.secret is None else (self.key, self.secret)


Credentials = Bearer | BodyKeys
