"""What is asked of a site, and how all of an answer is had."""

from hypothesis import strategies as st

from mockserver.world.generator.query_result import QueryResult
from tests.world import force
from tests.world.worlds import Asked, Case, asked, instants


def edges(case: Case, data: st.DataObject) -> list[int]:
    """Instants that cut the whole of time into intervals, the first and the last beyond everything."""
    inner = data.draw(st.lists(instants(case.spec), max_size=8))
    return [-(10**13), *sorted(inner), 10**15]


def question(case: Case, everyone: list[force.Told], data: st.DataObject) -> Asked:
    """A question to a case, about somebody in it or about nobody in particular."""
    actors = sorted({actor for told in everyone[:20] for actor in told.actors})
    strangers = (
        "ann",
        "c",
        "nobody",
        "user_",
        "0123456789ab",
        "user_0123456789ab",
        "user_" + actors[0][:12] if actors else "",
    )
    return data.draw(asked(case, (*actors, *strangers)))


def walked(found: QueryResult, size: int, total: int) -> list[force.Row]:
    """What is found, page after page of the older, to the end or to more than there can be."""
    page = found.older(None, size)
    delivered = force.rows(page)
    while page.sort_keys() and len(delivered) <= total:
        page = found.older(page.sort_keys()[-1], size)
        delivered += force.rows(page)
    return delivered
