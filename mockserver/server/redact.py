"""What may not be read in a journal or a log: credentials, wherever in an exchange they stand."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, unquote

from msgspec import DecodeError, json

from mockserver.server.raw import Raw
from mockserver.vendors import every

MASK: Final = "[redacted]"
_HEADERS: Final = frozenset({"authorization", "proxyauthorization", "cookie", "setcookie"})
_SHORTEST: Final = 4
"""Characters below which a credential is masked only where it belongs: a text full of masked e's would tell nothing."""


@cache
def names() -> frozenset[str]:
    """The fields that carry a credential at any vendor, in any of its dialects, as :func:`plain` writes them."""
    found = (field for vendor in every() for endpoint in vendor.contract.endpoints for field in endpoint.credentials.fields)
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
    return re.compile(rf"""((?:{spelled})["']?\s*[=:]\s*)(?:"((?:[^"\\]|\\.)*)|'([^']*)|([^"'&\s,}}]+))""", re.IGNORECASE)


class Secrets:
    """The credentials of one exchange, which are masked in whatever is shown of it."""

    def __init__(self, values: Iterable[str]) -> None:
        spelled = {form for value in values if len(value) >= _SHORTEST for form in _forms(value)}
        self._forms = sorted(spelled, key=len, reverse=True)

    def text(self, text: str, *, cut: bool = False) -> str:
        """A text with every credential masked; with ``cut``, the beginning of one at its end too."""
        text = _named().sub(rf"\1{MASK}", text)
        for form in self._forms:
            text = text.replace(form, MASK)
        if cut:
            for form in self._forms:
                begun = next((length for length in range(len(form) - 1, _SHORTEST - 1, -1) if text.endswith(form[:length])), 0)
                text = text[: len(text) - begun] + MASK if begun else text
        return text

    def path(self, path: str) -> str:
        """A path with every credential masked, however it is percent-encoded."""
        text, written = self.text(path), self.text(unquote(path))
        return text if written == unquote(text) else quote(written, safe="/[]")

    def field(self, name: str, value: Any) -> Any:
        """The value of a field or header."""
        return MASK if is_secret(name) else self.value(value)

    def value(self, value: Any) -> Any:
        """A value of JSON with every credential in it masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(name): self.field(name, each) for name, each in value.items()}
        return [self.value(each) for each in value] if isinstance(value, list) else value

    def body(self, body: bytes, *, cut: bool = False) -> Any:
        """A body as JSON, or else as text; ``None`` for an empty one."""
        if not body:
            return None
        try:
            return self.value(json.decode(body))
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return self.text(body.decode("utf-8", "replace"), cut=cut)


def secrets(raw: Raw, headers: Mapping[str, str], further: Iterable[str] = ()) -> Secrets:
    """Find the credentials of a request; ``further`` are known to be some."""
    return Secrets({*further, *presented(raw, headers)})


def presented(raw: Raw, headers: Mapping[str, str]) -> Iterator[str]:
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


def _forms(value: str) -> set[str]:
    """How a value may be written: as it is, in a URL, in JSON, in Python."""
    return {value, quote(value, safe=""), quote_plus(value), json.encode(value).decode()[1:-1], repr(value)[1:-1]}
