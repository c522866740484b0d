"""Bounded caches, caches by identity and cached properties."""

from mockserver._util.caching import BoundedCache, IdentityCache, cached_property


def test_bounded_cache_keeps_values_of_last_keys() -> None:
    cache = BoundedCache[str, list[str]](2)
    first = cache.get("a", lambda: ["a"])
    cache.get("b", lambda: ["b"])

    assert cache.get("a", lambda: ["other"]) is first
    cache.get("c", lambda: ["c"])
    assert len(cache) == 2
    assert cache.get("a", lambda: ["other"]) is first
    assert cache.get("b", lambda: ["other"]) == ["other"]


def test_identity_cache_same_object_returns_same_result() -> None:
    copy = IdentityCache(lambda value: [*value])
    one = ["a"]
    equal = ["a"]

    assert copy(one) == copy(equal) == ["a"]
    assert copy(one) is copy(one) is not copy(equal)


def test_identity_cache_many_objects_drops_oldest_and_never_confuses_them() -> None:
    copy = IdentityCache(lambda value: [*value])
    values = [[str(number)] for number in range(100)]
    first = copy(values[0])

    assert [copy(value) for value in values] == values
    assert [copy([str(number)]) for number in range(100)] == values
    assert copy(values[0]) == first
    assert copy(values[0]) is not first


class Counter:
    """Counts how often its property is computed."""

    def __init__(self) -> None:
        self.computed = 0

    @cached_property
    def number(self) -> int:
        self.computed += 1
        return self.computed


def test_cached_property_is_computed_once_per_instance() -> None:
    one, other = Counter(), Counter()

    assert (one.computed, one.number, one.number, one.computed) == (0, 1, 1, 1)
    assert (other.computed, other.number) == (0, 1)


def test_cached_property_assigned_value_is_kept() -> None:
    counter = Counter()
    counter.number = 42

    assert (counter.number, counter.computed) == (42, 0)
