"""The parts of which JSON objects are put together, and how those that stand side by side become one piece.

What a piece costs is looking it up and joining it, line by line: the fewer pieces, the faster a page.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, TypeAlias, cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from mockserver.world.generator.columns import GeneratedSessions

Bytes: TypeAlias = NDArray[Any]
"""Texts of one width, shape (texts,), of any type that has so many bytes."""
Pieces: TypeAlias = Callable[[GeneratedSessions], list[bytes]]
"""A text for each session of a batch."""


class Form(Struct, frozen=True):
    """A part as wide in every text."""

    blank: bytes
    """What is the same in all."""
    places: Sequence[tuple[int, str]]
    """Where the rest stands, and numpy's name for so many bytes; what comes later stands over what came before."""
    values: Callable[[GeneratedSessions], Sequence[Bytes]]
    """The rest, place by place."""
    uneven: bool = False
    """Whether some are shorter after all: zeros at their end do not count."""


class Known(Struct, frozen=True):
    """A part that tells of who is identified."""

    nothing: bytes
    """What stands for everybody else."""
    texts: Pieces
    """The texts of sessions all of whose visitors are identified."""


Part: TypeAlias = Form | Known | Pieces


def pieces(parts: Iterable[Part]) -> Iterator[Pieces]:
    """Parts as few pieces as they make."""
    for kind, some in groupby(parts, key=type):
        if kind is Form:
            yield from map(_filled, _even(cast("Iterable[Form]", some)))
        elif kind is Known:
            yield _told([*cast("Iterable[Known]", some)])
        else:
            yield from cast("Iterable[Pieces]", some)


def _even(forms: Iterable[Form]) -> Iterator[list[Form]]:
    """Forms in runs of which only the last is uneven."""
    run: list[Form] = []
    for form in forms:
        run.append(form)
        if form.uneven:
            yield run
            run = []
    if run:
        yield run


def _filled(forms: Sequence[Form]) -> Pieces:
    """Forms side by side as one."""
    blank, places, start = b"".join(form.blank for form in forms), list[tuple[int, str]](), 0
    for form in forms:
        places += [(start + place, kind) for place, kind in form.places]
        start += len(form.blank)
    names, values = [f"f{n}" for n in range(len(places))], [form.values for form in forms]
    offsets, formats = zip(*places, strict=True)
    row = np.dtype({"names": names, "formats": list(formats), "offsets": list(offsets), "itemsize": len(blank)})

    def made(sessions: GeneratedSessions) -> list[bytes]:
        texts = np.frombuffer(bytearray(blank * len(sessions)), dtype=row)
        for name, value in zip(names, chain.from_iterable(each(sessions) for each in values), strict=True):
            texts[name] = value
        return texts.view(f"S{len(blank)}").tolist()  # type: ignore[no-any-return]  # of this type they are bytes

    return made


def _told(parts: Sequence[Known]) -> Pieces:
    """What is told of who is identified, side by side."""
    nothing, each = b"".join(part.nothing for part in parts), [part.texts for part in parts]

    def made(sessions: GeneratedSessions) -> list[bytes]:
        who = np.flatnonzero(sessions.is_identified)
        some, found = sessions.take(who), [nothing] * len(sessions)
        for position, text in zip(who.tolist(), map(b"".join, zip(*(texts(some) for texts in each), strict=True)), strict=True):
            found[position] = text
        return found

    return made
