"""The lists that a tenant's clients read lately."""

from typing import Any, Final

from msgspec import Struct

from mockserver.server.journal.retry_history import Sent
from mockserver.world.world import World

LISTS: Final = 128
"""Number of lists that are remembered, the last ones that were requested."""
PAGES: Final = 200
"""Number of pages of each list that are remembered, the last ones that were returned."""
FAILURES: Final = 20
"""Number of failed pages of each list that are remembered, the first ones that failed."""


class ListPage(Struct, frozen=True):
    """A requested page of a list."""

    list_key: str
    """Equal for all requests to one list, whatever the page and its size."""
    key: Any
    size: Any
    """The number of rows that the client requested; ``None`` if the endpoint has no such parameter."""
    is_first: bool

    @property
    def identity(self) -> tuple[Any, Any]:
        """The page within its list."""
        return self.key, self.size


class Attempt(Struct, frozen=True, kw_only=True):
    """A request for a page, with everything that its rows depend on."""

    number: int
    """Number of the exchange."""
    page: ListPage
    request: Any
    """The parsed request."""
    world: World
    now: int
    """The tenant's clock."""
    moves: int
    """Number of moves of the tenant's clock until then."""
    faulted: bool
    """True if a fault was triggered."""


class ListProgress(Struct, kw_only=True):
    """How far the clients of a tenant have read a list."""

    begun: int = 0
    """Number of requests for the first page: as many clients may be reading the list at once."""
    world: World | None = None
    moves: int = 0
    returned: dict[tuple[Any, Any], tuple[int, int]] = {}
    """By later page: how often it was returned without a fault, and the hash of the response.

    Only in the current world, and since the last move of the clock.
    """
    last: tuple[Any, Any] | None = None
    """The last requested page, if it was returned without a fault."""
    last_sent: Sent | None = None
    """When a page was returned last."""
    accused: Any = None
    """The last exchange that repeated a page, until a page is returned for the first time."""
    latest: Attempt | None = None
    """The latest page that was returned whole since the list was begun."""
    extent: int = 0
    """Number of different pages in succession that were returned whole since the list was begun."""
    failed: dict[tuple[Any, Any], Attempt] = {}
    """The pages that failed since the list was begun, and that were not requested again."""
    window_reviewed: bool = False
    """True after the review of the window since the list was begun."""
    window_moves: tuple[int, bool] | None = None
    """An instant of the tenant's clock, and whether time moved the pages then."""

    def begin(self) -> None:
        """Record a request for the first page."""
        self.begun += 1
        self.accused = None
        self.latest = None
        self.extent = 0
        self.failed = {}
        self.window_reviewed = False

    def use_world(self, world: World, moves: int) -> None:
        """Forget the returned pages if they are of another world, or from before a move of the clock."""
        if self.world is not world or self.moves != moves:
            self.world = world
            self.moves = moves
            self.returned = {}
            self.last = None
            self.accused = None

    def record_return(self, page: ListPage, content: int) -> int:
        """Record a page that was returned without a fault, and return how often it was, with this content."""
        count, known_content = self.returned.pop(page.identity, (0, content))
        count = count + 1 if known_content == content else 1
        self.returned[page.identity] = count, content
        if len(self.returned) > PAGES:
            del self.returned[next(iter(self.returned))]
        return count

    def record_whole(self, attempt: Attempt) -> None:
        """Record a page that was returned whole."""
        self.failed.pop(attempt.page.identity, None)
        if self.latest is None or self.latest.page.identity != attempt.page.identity:
            self.extent += 1
        self.latest = attempt

    def record_failure(self, attempt: Attempt) -> None:
        """Record a page that failed."""
        if len(self.failed) < FAILURES:
            self.failed[attempt.page.identity] = attempt


class History:
    """The progress of each list."""

    def __init__(self) -> None:
        self.lists: dict[str, ListProgress] = {}
        """By list key, the list that was requested last at the end."""
        self._spec: object = None

    def use_world(self, spec: object) -> None:
        """Forget the lists of any world but the one with *spec*."""
        if self._spec is not spec:
            self.lists = {}
            self._spec = spec

    def progress(self, list_key: str) -> ListProgress:
        progress = self.lists.pop(list_key, None) or ListProgress()
        self.lists[list_key] = progress
        if len(self.lists) > LISTS:
            del self.lists[next(iter(self.lists))]
        return progress
