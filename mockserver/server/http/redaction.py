"""Mask credentials in exchanges and log messages."""

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
from mockserver.vendors import load_dialects

__all__ = [
    "MASK",
    "Secrets",
    "collect_secrets",
    "credential_fields",
    "is_secret",
    "normalize_name",
    "presented_credentials",
]

_HEADERS: Final = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})
_MIN_UNBOUNDED: Final = 8
"""Shorter credentials are masked only as whole words."""
_MAX_LAYERS: Final = 4
"""Times that a text is decoded: a key may be encoded in JSON, in a URL, in another URL."""
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{12,}")
_BASE64_IN_PATH: Final = re.compile(r"[A-Za-z0-9+_-]{12,}")
_WORDS: Final = re.compile(r"[A-Za-z]+(?:[^A-Za-z0-9]+[A-Za-z]+)*")
_QUANTUM: Final = 4
"""Characters of base64 that are decoded together."""
Span = tuple[int, int]
"""Start and end of a part of a text."""


@cache
def credential_fields() -> frozenset[str]:
    """Return the normalized names of the fields that carry credentials in any dialect of any vendor."""
    fields: set[str] = set()
    for vendor in load_dialects():
        for endpoint in vendor.contract.endpoints:
            fields |= {normalize_name(field) for field in endpoint.credentials.fields}
    return frozenset(fields)


def normalize_name(name: str) -> str:
    """Return a name in lower case without separators."""
    return name.lower().replace("_", "").replace("-", "")


def is_secret(name: str) -> bool:
    """Return whether a field or header carries a credential; ``X-Api-Key`` does if ``api_key`` does."""
    normalized = normalize_name(name)
    return normalized in _HEADERS or normalized.removeprefix("x") in credential_fields()


@cache
def _escape_pattern() -> re.Pattern[str]:
    """Return a pattern of escaped characters; compiling it takes longer than importing this module."""
    return re.compile(
        r"(?:%[c-f][0-9a-f](?:%[89ab][0-9a-f]){1,3})|%[0-9a-f]{2}|\\u[0-9a-f]{4}|\\x[0-9a-f]{2}|\\[\"'\\/]",
        re.IGNORECASE,
    )


@cache
def _assignment_pattern() -> re.Pattern[str]:
    """Return a pattern of credentials with their names in any text: ``api_key=…`` or ``"apiKey": "…"``."""
    names = sorted(credential_fields(), key=len, reverse=True)
    spellings = "|".join("[_-]?".join(name) for name in names)
    return re.compile(
        rf"""((?:{spellings})["']?\s*[=:]\s*)(?:"((?:[^"\\]|\\.)*)|'([^']*)|([^"'&\s,}}]+))""", re.IGNORECASE
    )


class Secrets:
    """The credentials of an exchange and its server, which are masked wherever the exchange is shown."""

    def __init__(self, values: Iterable[str], known: KnownCredentials | None = None) -> None:
        """Mask the values that a request presents as credentials, and the *known* ones of the server."""
        self._values = frozenset(value for value in values if len(value) >= SHORTEST)
        self._known = known

    def mask_text(self, text: str, *, cut: bool = False, ours: bool = False) -> str:
        """Mask every credential in a text, however it is encoded.

        With *cut*, the beginning of a credential at the end of the text is masked too. With *ours*, the text
        is the server's own and repeats at most a value: a credential that reads like words is masked only as
        the whole text or after the last colon, so that a client cannot blank words of a sentence.
        """
        if not ours:
            text = _assignment_pattern().sub(rf"\1{MASK}", text)
        text = without_user_info(text)
        view = text
        for layer in range(_MAX_LAYERS):
            spans = self._find_secret_spans(view, cut=cut, ours=ours)
            if spans:
                text = _mask_spans(text, spans, layer)
                view = _decode(text, layer)
            further = _escape_pattern().sub(_unescape, view)
            if further == view:
                break
            view = further
        return text

    def mask_field(self, name: str, value: Any) -> Any:
        return MASK if is_secret(name) else self.mask_value(value)

    def mask_value(self, value: Any, *, ours: bool = False) -> Any:
        """Mask every credential in a JSON value."""
        if isinstance(value, str):
            return self.mask_text(value, ours=ours)
        if isinstance(value, dict):
            return {
                self.mask_text(name, ours=ours): (
                    MASK if is_secret(name) else self.mask_value(inner, ours=ours)
                )
                for name, inner in value.items()
            }
        if isinstance(value, list):
            return [self.mask_value(inner, ours=ours) for inner in value]
        return value

    def mask_body(self, body: bytes, *, cut: bool = False, ours: bool = False) -> Any:
        """Return a masked body as JSON, or else as text; ``None`` if it is empty."""
        if not body:
            return None
        try:
            value = json.decode(body)
            return _mask_by_name(value) if self._is_free(body.decode()) else self.mask_value(value, ours=ours)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return self.mask_text(body.decode("utf-8", "replace"), cut=cut, ours=ours)

    def _is_free(self, text: str) -> bool:
        """Return whether no part of a text needs to be masked for its value, however it is decoded."""
        if without_user_info(text) != text or _assignment_pattern().search(text):
            return False
        for _ in range(_MAX_LAYERS):
            if self._find(text) or self._find_in_base64(text):
                return False
            further = _escape_pattern().sub(_unescape, text)
            if further == text:
                break
            text = further
        return True

    def _find_secret_spans(self, view: str, *, cut: bool, ours: bool) -> list[Span]:
        """Return the spans of credentials in a text, and of base64 that contains one."""
        spans = self._find_in_base64(view)
        for value in self._find(view):
            spans += _find_spans(value, view, ours=ours)
        if cut:
            lengths = [_count_begun(value, view) for value in self._values]
            if self._known:
                lengths.append(self._known.count_begun(view))
            begun = max(lengths, default=0)
            if begun:
                spans.append((len(view) - begun, len(view)))
        return _merge(spans)

    def _find(self, view: str) -> list[str]:
        """Return the credentials that occur in a text as they are."""
        presented = [value for value in self._values if value in view]
        return presented + (self._known.find(view) if self._known else [])

    def _find_in_base64(self, view: str) -> list[Span]:
        """Return the runs of base64 that contain a credential.

        All runs are searched at once, because few have one. Equal runs are decoded once, because most are
        names of fields: a list of 100 sessions takes 2 ms instead of 5.
        """
        patterns = (_BASE64, _BASE64_IN_PATH)
        runs = {text for pattern in patterns for text in pattern.findall(view)}
        decoded = {text: _decode_base64(text) for text in runs}
        if not decoded or not self._find("\n".join(decoded.values())):
            return []
        found = {text for text, value in decoded.items() if self._find(value)}
        return [run.span() for pattern in patterns for run in pattern.finditer(view) if run[0] in found]


def _mask_by_name(value: Any) -> Any:
    """Mask the fields of a JSON value that carry credentials by name."""
    if isinstance(value, dict):
        return {name: MASK if is_secret(name) else _mask_by_name(inner) for name, inner in value.items()}
    return [_mask_by_name(inner) for inner in value] if isinstance(value, list) else value


def collect_secrets(
    raw: RawRequest,
    headers: Mapping[str, str],
    further: Iterable[str] = (),
    known: KnownCredentials | None = None,
) -> Secrets:
    """Return the credentials that a request presents, with *further* ones and those of its server."""
    return Secrets({*further, *presented_credentials(raw, headers)}, known)


def presented_credentials(raw: RawRequest, headers: Mapping[str, str]) -> Iterator[str]:
    """Yield every value that has the name of a credential in headers, query or body."""
    for name, value in (("Authorization", raw.authorization), *headers.items()):
        if is_secret(name):
            yield from (value.strip(), value.strip().partition(" ")[2].strip())
    for name, value in parse_qsl(raw.path.partition("?")[2], keep_blank_values=True, errors="replace"):
        if is_secret(name):
            yield value
    if raw.body:
        yield from _credentials_in_body(raw.body)


def _credentials_in_body(body: bytes) -> Iterator[str]:
    try:
        yield from _credentials_in_json(json.decode(body), secret=False)
    except (DecodeError, UnicodeDecodeError, RecursionError):
        for found in _assignment_pattern().finditer(body.decode("utf-8", "replace")):
            yield from (unquote(value) for value in found.groups()[1:] if value)


def _credentials_in_json(value: Any, *, secret: bool) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _credentials_in_json(inner, secret=secret or is_secret(name))
    elif isinstance(value, list):
        for inner in value:
            yield from _credentials_in_json(inner, secret=secret)
    elif secret and value is not None:
        yield str(value)


def _find_spans(value: str, text: str, *, ours: bool) -> Iterator[Span]:
    """Yield the spans of a value in a text that need to be masked."""
    is_words = ours and _WORDS.fullmatch(value) is not None
    start = text.find(value)
    while start >= 0:
        end = start + len(value)
        if is_words:
            is_credential = _is_echo(text, start, end)
        else:
            is_credential = len(value) >= _MIN_UNBOUNDED or _is_word(text, start, end)
        if is_credential:
            yield start, end
        start = text.find(value, end)


def _is_echo(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text is all of it or follows its last colon; it may be quoted."""
    before = text[:start].rstrip("'\"")
    return text[end:].strip("'\".") == "" and (not before or before.endswith(": "))


def _is_word(text: str, start: int, end: int) -> bool:
    """Return whether a part of a text has no letter or digit next to it."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())


def _count_begun(value: str, text: str) -> int:
    """Return the number of characters at the end of a text that are the beginning of a value."""
    return next(
        (length for length in range(len(value) - 1, SHORTEST - 1, -1) if text.endswith(value[:length])), 0
    )


def _decode_base64(run: str) -> str:
    text = run.translate(_FROM_URL_SAFE)
    if len(text) % _QUANTUM == 1:  # No base64 has this length: the last character belongs to something else.
        text = text[:-1]
    return b64decode(text + "=" * (-len(text) % _QUANTUM)).decode("latin-1")


_FROM_URL_SAFE: Final = str.maketrans("-_", "+/")


def _unescape(found: re.Match[str]) -> str:
    """Return the character of an escape."""
    escape = found[0]
    if escape[0] == "%":
        return bytes.fromhex(escape.replace("%", "")).decode("utf-8", "replace")
    if escape[1] in "uUxX":
        return chr(int.from_bytes(bytes.fromhex(escape[2:]), "big"))
    return escape[1]


def _decode(text: str, layers: int) -> str:
    for _ in range(layers):
        text = _escape_pattern().sub(_unescape, text)
    return text


def _mask_spans(text: str, spans: Iterable[Span], layers: int) -> str:
    """Mask spans of a text; the spans refer to the text after it has been decoded *layers* times."""
    starts = list(range(len(text)))
    ends = list(range(1, len(text) + 1))
    view = text
    for _ in range(layers):
        view, starts, ends = _decode_with_positions(view, starts, ends)
    pieces = []
    done = 0
    for start, end in spans:
        pieces += [text[done : starts[start]], MASK]
        done = ends[end - 1]
    return "".join([*pieces, text[done:]])


def _decode_with_positions(view: str, starts: list[int], ends: list[int]) -> tuple[str, list[int], list[int]]:
    """Decode a text once; return it with the start and end of each of its characters in the original."""
    pieces: list[str] = []
    new_starts: list[int] = []
    new_ends: list[int] = []
    done = 0
    for found in _escape_pattern().finditer(view):
        decoded = _unescape(found)
        pieces += [view[done : found.start()], decoded]
        new_starts += [*starts[done : found.start()], *[starts[found.start()]] * len(decoded)]
        new_ends += [*ends[done : found.start()], *[ends[found.end() - 1]] * len(decoded)]
        done = found.end()
    return "".join([*pieces, view[done:]]), new_starts + starts[done:], new_ends + ends[done:]


def _merge(spans: Iterable[Span]) -> list[Span]:
    """Return sorted spans, with overlapping ones merged."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
