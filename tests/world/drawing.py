"""Draw queries on a site, and read results page by page."""

from hypothesis import strategies as st

from mockserver.world.generator.query_result import QueryResult
from tests.world import brute_force
from tests.world.worlds import Case, QueryCase, instants, query_cases


def draw_edges(case: Case, data: st.DataObject) -> list[int]:
    """Draw instants that divide all of time into intervals."""
    inner = data.draw(st.lists(instants(case.spec), max_size=8))
    return [-(10**13), *sorted(inner), 10**15]


def draw_query_case(
    case: Case, everyone: list[brute_force.ExpectedSession], data: st.DataObject
) -> QueryCase:
    """Draw a query on a case; it may select visitors, known and unknown."""
    actors = sorted({actor for session in everyone[:20] for actor in session.actors})
    strangers = (
        "ann",
        "c",
        "unknown",
        "user_",
        "0123456789ab",
        "user_0123456789ab",
        "user_" + actors[0][:12] if actors else "",
    )
    return data.draw(query_cases(case, (*actors, *strangers)))


def walk_older(found: QueryResult, size: int, total: int) -> list[brute_force.Row]:
    """Return the rows of consecutive keyset pages; stop if there are more rows than *total*."""
    page = found.older(None, size)
    delivered = brute_force.page_rows(page)
    while page.sort_keys() and len(delivered) <= total:
        page = found.older(page.sort_keys()[-1], size)
        delivered += brute_force.page_rows(page)
    return delivered
