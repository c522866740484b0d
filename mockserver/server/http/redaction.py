"""Mask credentials in every text that is shown of an exchange or written to a log."""

import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from msgspec import DecodeError, json

from mockserver._util.printable import MASK, without_user_info
from mockserver.server.http.known_credentials import SHORTEST, KnownCredentials
from mockserver.server.http.raw_request import RawRequest
from mockserver.vendors import every

__all__ = ["MASK", "Secrets", "is_secret", "names", "plain", "presented", "secrets"]

_HEADERS: Final = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})
_WHOLE: Final = 8
"""Characters below which a credential is only masked where it stands as a word of its own."""
_LAYERS: Final = 4
"""How often a text is decoded: a key may be encoded in JSON, in a URL, in another URL."""
_ESCAPE: Final = re.compile(
    r"(?:%[c-f][0-9a-f](?:%[89ab][0-9a-f]){1,3})|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[\"'\\/]",
    re.IGNORECASE,
)
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_BASE64_IN_PATH: Final = re.compile(r"[A-Za-z0-9+_-]{12,}")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[^A-Za-z0-9]+[A-Za-z]+)*")
_QUANTUM: Final = 4
"""Characters of base64 that are decoded together."""
Span = tuple[int, int]


@cache
def names() -> frozenset[str]:
    """The fields that carry a credential at any vendor, in any of its dialects, as :func:`plain` writes them."""
    found = (
        field
        for vendor in every()
        for endpoint in vendor.contract.endpoints
        for field in endpoint.credentials.fields
    )
    return frozenset(plain(field) for field in found)


def plain(name: str) -> str:
    """A name without what people spell differently."""
    return name.lower().replace("_", "").replace("-", "")


def is_secret(name: str) -> bool:
    """Whether a field or header of this name carries a credential; ``X-Api-Key`` does where ``api_key`` does."""
    bare = plain(name)
    return bare in _HEADERS or bare.removeprefix("x") in names()


@cache
def _named() -> re.Pattern[str]:
    """A credential by its name in any text: ``api_key=…`` or ``"apiKey": "…"``."""
    spelled = "|".join("[_-]?".join(name) for name in sorted(names(), key=len, reverse=True))
    return re.compile(
        rf"""((?:{spelled})["']?\s*[=:]\s*)(?:"((?:[^"\\]|\\.)*)|'([^']*)|([^"'&\s,}}]+))""", re.IGNORECASE
    )


class Secrets:
    """The credentials of one exchange and of its server, which are masked in whatever is shown of the exchange."""

    def __init__(self, values: Iterable[str], known: KnownCredentials | None = None) -> None:
        """Mask some values that a request presents as credentials, and all that the server knows."""
        self._values = frozenset(value for value in values if len(value) >= SHORTEST)
        self._known = known

    def text(self, text: str, *, cut: bool = False, ours: bool = False) -> str:
        """Mask every credential in a text, however it is encoded.

        With *cut*, the beginning of one at the end of the text is masked too. With *ours*, the text is the server's own
        and repeats at most some value: a credential that reads like words is only masked as the whole text, or behind
        the last colon, so that a sentence keeps its words whatever a client sends.
        """
        if not ours:
            text = _named().sub(rf"\1{MASK}", text)
        text = without_user_info(text)
        view = text
        for layer in range(_LAYERS):
            spans = self._spans(view, cut=cut, ours=ours)
            if spans:
                text = _masked(text, spans, layer)
                view = _decoded(text, layer)
            further = _ESCAPE.sub(_character, view)
            if further == view:
                break
            view = further
        return text

    def path(self, path: str) -> str:
        """Mask every credential in a path, however it is percent-encoded."""
        return self.text(path)

    def field(self, name: str, value: Any) -> Any:
        """The value of a field or header."""
        return MASK if is_secret(name) else self.value(value)

    def value(self, value: Any, *, ours: bool = False) -> Any:
        """A value of JSON with every credential in it masked."""
        if isinstance(value, str):
            return self.text(value, ours=ours)
        if isinstance(value, dict):
            return {
                self.text(name, ours=ours): MASK if is_secret(name) else self.value(each, ours=ours)
                for name, each in value.items()
            }
        return [self.value(each, ours=ours) for each in value] if isinstance(value, list) else value

    def body(self, body: bytes, *, cut: bool = False, ours: bool = False) -> Any:
        """A body as JSON, or else as text; ``None`` for an empty one."""
        if not body:
            return None
        try:
            value = json.decode(body)
            return _by_name(value) if self._is_free(body.decode()) else self.value(value, ours=ours)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return self.text(body.decode("utf-8", "replace"), cut=cut, ours=ours)

    def _is_free(self, text: str) -> bool:
        """Return whether no part of a text, however it is decoded, needs to be masked for its value."""
        if without_user_info(text) != text or _named().search(text):
            return False
        for _ in range(_LAYERS):
            if self._in(text) or self._in_base64(text):
                return False
            further = _ESCAPE.sub(_character, text)
            if further == text:
                break
            text = further
        return True

    def _spans(self, view: str, *, cut: bool, ours: bool) -> list[Span]:
        """Return where credentials stand in a text, and where base64 has one in it."""
        found = [span for value in self._in(view) for span in _places(value, view, ours=ours)]
        found += self._in_base64(view)
        if cut:
            begun = max(
                [
                    *(_begun(value, view) for value in self._values),
                    self._known.begun(view) if self._known else 0,
                ]
            )
            found += [(len(view) - begun, len(view))] if begun else []
        return _merged(found)

    def _in(self, view: str) -> list[str]:
        presented = [value for value in self._values if value in view]
        return presented + (self._known.find(view) if self._known else [])

    def _in_base64(self, view: str) -> list[Span]:
        """Return the runs of base64 that have a credential in them; all runs are searched at once, since hardly any has."""
        runs = [
            (run.span(), _from_base64(run[0]))
            for pattern in (_BASE64, _BASE64_IN_PATH)
            for run in pattern.finditer(view)
        ]
        if not runs or not self._in("\n".join(plain for _, plain in runs)):
            return []
        return [span for span, plain in runs if self._in(plain)]


def _by_name(value: Any) -> Any:
    """Return a value of JSON with what stands under the name of a credential masked."""
    if isinstance(value, dict):
        return {name: MASK if is_secret(name) else _by_name(each) for name, each in value.items()}
    return [_by_name(each) for each in value] if isinstance(value, list) else value


def secrets(
    raw: RawRequest,
    headers: Mapping[str, str],
    further: Iterable[str] = (),
    known: KnownCredentials | None = None,
) -> Secrets:
    """Find the credentials of a request; ``further`` are known to be some, and so are those that its server knows."""
    return Secrets({*further, *presented(raw, headers)}, known)


def presented(raw: RawRequest, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield every value that stands where credentials stand: under such a name in headers, query and body."""
    for name, value in (("Authorization", raw.authorization), *headers.items()):
        if is_secret(name):
            yield from (value.strip(), value.strip().partition(" ")[2].strip())
    for name, value in parse_qsl(raw.path.partition("?")[2], keep_blank_values=True, errors="replace"):
        if is_secret(name):
            yield value
    if raw.body:
        yield from _in_body(raw.body)


def _in_body(body: bytes) -> Iterator[str]:
    try:
        yield from _in_json(json.decode(body), secret=False)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        for found in _named().finditer(body.decode("utf-8", "replace")):
            yield from (unquote(value) for value in found.groups()[1:] if value)


def _in_json(value: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _in_json(each, secret=secret or is_secret(name))
    elif isinstance(value, list):
        for each in value:
            yield from _in_json(each, secret=secret)
    elif secret and value is not None:
        yield str(value)


def _places(value: str, text: str, *, ours: bool) -> Iterator[Span]:
    """Yield where a value stands in a text as a credential does."""
    is_words = ours and _WORDS.fullmatch(value) is not None
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if _is_echo(text, start, end) if is_words else len(value) >= _WHOLE or _is_word(text, start, end):
            yield start, end
        start = text.find(value, end)


def _is_echo(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text is all of it, or all that follows its last colon; it may stand in quotes."""
    before = text[:start].rstrip("'\"")
    return text[end:].strip("'\".") == "" and (not before or before.endswith(": "))


def _is_word(text: str, start: int, end: int) -> bool:
    """Return whether no letter or digit stands beside a part of a text."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def _begun(value: str, text: str) -> int:
    """Return how many characters at the end of a text are the beginning of a value."""
    return next(
        (length for length in range(len(value) - 1, SHORTEST - 1, -1) if text.endswith(value[:length])), 0
    )


def _from_base64(run: str) -> str:
    usual = run.translate(_URL_SAFE)
    whole = usual[: len(usual) - (len(usual) % _QUANTUM == 1)]
    return b64decode(whole + "=" * (-len(whole) % _QUANTUM)).decode("latin-1")


_URL_SAFE: Final = str.maketrans("-_", "+/")


def _character(found: re.Match[str]) -> str:
    """Return what an escape stands for."""
    escape = found[0]
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    return chr(int.from_bytes(bytes.fromhex(escape[2:]), "big")) if escape[1] in "uUxX" else escape[1]


def _decoded(text: str, layers: int) -> str:
    for _ in range(layers):
        text = _ESCAPE.sub(_character, text)
    return text


def _masked(text: str, spans: Iterable[Span], layers: int) -> str:
    """Mask places of a text that are given as places of what it is when it has been decoded so often."""
    starts, ends = list(range(len(text))), list(range(1, len(text) + 1))
    view = text
    for _ in range(layers):
        view, starts, ends = _followed(view, starts, ends)
    pieces, done = [], 0
    for start, end in spans:
        pieces += [text[done : starts[start]], MASK]
        done = ends[end - 1]
    return "".join([*pieces, text[done:]])


def _followed(view: str, starts: list[int], ends: list[int]) -> tuple[str, list[int], list[int]]:
    """Decode a text once; return it with where each of its characters begins and ends in the original."""
    pieces, new_starts, new_ends, done = [], [], [], 0
    for found in _ESCAPE.finditer(view):
        decoded = _character(found)
        pieces += [view[done : found.start()], decoded]
        new_starts += [*starts[done : found.start()], *[starts[found.start()]] * len(decoded)]
        new_ends += [*ends[done : found.start()], *[ends[found.end() - 1]] * len(decoded)]
        done = found.end()
    return "".join([*pieces, view[done:]]), new_starts + starts[done:], new_ends + ends[done:]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, with those that overlap as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
