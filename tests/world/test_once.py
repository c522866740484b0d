"""What is made once is made when it is first asked for, for each holder."""

from mockserver.world.once import once


class Holder:
    """Counts how often something is made of it."""

    def __init__(self) -> None:
        self.made = 0

    @once
    def number(self) -> int:
        """How often it was made."""
        self.made += 1
        return self.made


def test_it_is_made_once_for_each_holder() -> None:
    """Nothing is made before it is asked for, nor twice; another holder has its own, and what is set by hand stays."""
    one, other, told = Holder(), Holder(), Holder()
    told.number = 42

    assert (one.made, one.number, one.number, one.made) == (0, 1, 1, 1)
    assert (other.made, other.number) == (0, 1)
    assert (told.number, told.made) == (42, 0)
