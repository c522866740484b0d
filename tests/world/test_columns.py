"""Columns of generated sessions, and the effect of identify requests on them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mockserver.world.generator.columns import GeneratedSessions
from mockserver.world.generator.tracked import Identity
from mockserver.world.model.query import Query
from mockserver.world.model.spec import spec
from mockserver.world.world import build, with_identity
from tests.world import digest
from tests.world.digest import LATER
from tests.world.worlds import Case, cases, small, vast

TRAITS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | st.just("Zoë") | st.integers(0, 9),
        "email": st.none() | st.just("zoe@example.com"),
        "$tags": st.none() | st.lists(st.sampled_from(["vip", "beta"]), max_size=2),
        "plan": st.just("pro"),
        "city": st.just("Oslo"),
    },
)
WORLD = build(spec(sessions=200, seed=11))


@given(
    case=cases(small | vast, tracked=False),
    share=st.floats(0, 1),
    picks=st.lists(st.integers(0, 29), unique=True, max_size=8),
)
def test_column_of_subset_equals_subset_of_column(case: Case, share: float, picks: list[int]) -> None:
    people = case.site.people
    first = int(max(people.count_started(case.now) - 30, 0) * share)
    index = np.arange(first, min(first + 30, people.count_started(case.now)))
    chosen = np.array(sorted(pick for pick in picks if pick < len(index)), dtype=np.int64)
    together = digest.batch_rows(GeneratedSessions(people, index, case.now, {}))

    assert digest.batch_rows(GeneratedSessions(people, index[chosen], case.now, {})) == [
        together[each] for each in chosen.tolist()
    ]


def test_columns_of_empty_batch_are_empty() -> None:
    batch = GeneratedSessions(WORLD.sites[0].people, np.empty(0, dtype=np.int64), 0, {})

    assert [getattr(batch, name) for name in digest.COLUMNS] == [[]] * len(digest.COLUMNS)
    assert len(batch) == 0


def test_column_is_computed_once() -> None:
    batch = WORLD.sites[0].find(Query(), LATER).page(0, 10).batches[0]

    assert batch.names is batch.names


@given(sent=st.lists(TRAITS, min_size=1, max_size=3), position=st.integers(0, 60))
def test_identified_traits_override_generated_ones(sent: list[dict[str, object]], position: int) -> None:
    site = WORLD.sites[0]
    everyone = site.find(Query(), LATER).page(0, 200).batches[0]
    known = [each for each, user in enumerate(everyone.user_ids) if user is not None]
    chosen = known[position % len(known)]
    user, before = everyone.user_ids[chosen], everyone.traits[chosen]
    world = WORLD
    for traits in sent:
        world = with_identity(world, 0, Identity(traits, user_id=user))
    merged = {name: value for traits in sent for name, value in traits.items()}
    after = world.sites[0].session(everyone.ids[chosen], LATER)

    assert after is not None
    assert after.traits == [{**(before or {}), **merged}]
    assert after.names[0] == (
        str(merged["name"])
        if merged.get("name") is not None
        else None
        if "name" in merged
        else everyone.names[chosen]
    )
    assert after.emails[0] == merged.get("email", everyone.emails[chosen])
    assert after.tags[0] == (merged["$tags"] or [] if "$tags" in merged else everyone.tags[chosen])


def test_identified_traits_leave_other_visitors_unchanged() -> None:
    everyone = WORLD.sites[0].find(Query(), LATER).page(0, 200)
    user = next(user for user in everyone.batches[0].user_ids if user)
    others = [each for each, known in enumerate(everyone.batches[0].user_ids) if known != user]
    before = digest.page_rows(everyone)
    after = digest.page_rows(
        with_identity(WORLD, 0, Identity({"name": "Robin"}, user_id=user))
        .sites[0]
        .find(Query(), LATER)
        .page(0, 200)
    )

    assert [after[each] for each in others] == [before[each] for each in others]
    assert after != before
    assert digest.page_rows(WORLD.sites[0].find(Query(), LATER).page(0, 200)) == before
