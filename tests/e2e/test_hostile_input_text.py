"""Hostile text in requests breaks no report, and no output has a credential or a control character."""

import asyncio
import logging
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from unicodedata import category
from urllib.parse import quote
from urllib.request import urlopen

import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver import SessionMock
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.cli.main import cli
from mockserver.client import AdminClient, AdminError
from mockserver.server.configuration.config import Config, TenantConfig
from mockserver.server.configuration.tenants import tenants
from mockserver.server.runner import serving
from mockserver.vendors import NAMES, load

LATIN = "Zürich".encode("latin-1")
CLEANED = r"Z\xfcrich"
HOSTILE = "\x9b31m\u202eevil\u2066\u200f\x1b]0;x\x07\ufeff"
FORMS = ("listing", "har", "ndjson")
ADMIN_TOKEN = "correct-horse-4-battery"
ASSUMED = "open/sesame=1&2"
TOKENS = [
    f"{vendor}.token"
    for vendor, identifiers in tenants(Config())[0].identifiers.items()
    if "token" in identifiers.credentials
]
PAIRS = [(vendor.name, endpoint) for vendor in load() for endpoint in vendor.contract.endpoints]
LISTS = [
    (vendor, endpoint)
    for vendor in load()
    for endpoint in vendor.contract.endpoints
    if endpoint.method == "GET" and endpoint.start_field
]


@pytest.fixture(name="mock")
def _mock() -> Iterator[SessionMock]:
    with SessionMock(sessions=5) as mock:
        yield mock


def send(url: str, request: bytes) -> bytes:
    """Send a request byte for byte on a new connection; return everything that is received."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(1 << 16):
            answer += piece
    return answer


def status(answer: bytes) -> int:
    """Return the status of a response."""
    return int(answer.split()[1])


def request(path: str, *headers: bytes, method: str = "GET", body: bytes = b"") -> bytes:
    """Write a request that closes its connection."""
    length = [b"Content-Length: %d" % len(body)] if body else []
    lines = [
        f"{method} {path} HTTP/1.1".encode(),
        b"Host: localhost",
        b"Connection: close",
        *headers,
        *length,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def outputs(admin: AdminClient, tenant: str | None, after: int = 0) -> dict[str, str]:
    """Return a journal in every output format."""
    found = {
        "listing": str(admin.journal(tenant, after=after, limit=5000).exchanges),
        "har": admin.export_journal("har", tenant, after=after).decode(),
        "ndjson": admin.export_journal("ndjson", tenant, after=after).decode(),
    }
    return (
        found
        if tenant is None
        else {**found, "label": str(admin.verify(tenant)), "findings": str(admin.findings(tenant))}
    )


# Bytes that are not UTF-8


@pytest.mark.parametrize(
    "place", ["User-Agent", "Cookie", "Referer", "X-Anything", "Authorization", "Content-Type"]
)
def test_header_byte_that_is_not_utf8_is_shown_escaped_in_every_output(mock: SessionMock, place: str) -> None:
    vendor, endpoint = LISTS[0]
    path = f"/{vendor.name}" + endpoint.paths[0].format_map(
        dict.fromkeys(endpoint.path, mock.vendor(vendor.name).sites[0])
    )
    answer = send(mock.url, request(path, place.encode() + b": Bearer " + LATIN))

    assert 400 <= status(answer) < 500
    for text in outputs(mock.admin, None).values():
        assert path in text
        assert place in text
        if place in ("Authorization", "Cookie"):
            assert "rich" not in text
        else:
            assert CLEANED in text or json.encode(CLEANED).decode()[1:-1] in text


@pytest.mark.parametrize("vendor", NAMES)
def test_credential_with_a_byte_that_is_not_utf8_is_refused_like_any_wrong_one(
    mock: SessionMock, vendor: str
) -> None:
    """A 401 does not become a 500."""
    pairs = [
        (each, endpoint) for each in load() if each.name == vendor for endpoint in each.contract.endpoints
    ]
    for _, endpoint in pairs:
        path = f"/{vendor}" + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "x"))
        statuses = [
            status(send(mock.url, request(path, b"Authorization: Bearer " + key, method=endpoint.method)))
            for key in (b"wrong", LATIN)
        ]

        assert statuses[0] == statuses[1] < 500, path


@pytest.mark.parametrize("name", [b"Host: ", b"X-Forwarded-For: ", b"Accept: "])
def test_exchange_of_a_tenant_with_such_a_byte_is_listed(mock: SessionMock, name: bytes) -> None:
    """The tenant's own journal is read as that of no tenant is, and its verification too."""
    vendor, endpoint = LISTS[0]
    handle = mock.vendor(vendor.name)
    path = f"/{vendor.name}" + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, handle.sites[0]))
    headers = [f"{key}: {value}".encode() for key, value in handle.headers.items()]
    text = request(path, *headers, name + LATIN)
    answer = send(mock.url, text.replace(b"Host: localhost\r\n", b"") if name == b"Host: " else text)

    assert status(answer) < 500
    assert mock.verify().exchanges == 1
    assert all("rich" in text for name, text in outputs(mock.admin, mock.id).items() if name in FORMS)


@pytest.mark.parametrize(
    "body", [b'{"a": "\\ud800"}', b'{"a": "\xff"}', b'{"a": "\xed\xa0\x80"}', b"a=%ED%A0%80", LATIN]
)
@pytest.mark.parametrize("query", ["", "?a=%FF&%ED%A0%80=%ed%b0%80"])
def test_body_or_query_that_is_no_unicode_is_listed(mock: SessionMock, body: bytes, query: str) -> None:
    """Lone surrogates and bytes that are not UTF-8, in JSON, in forms and in percent encodings."""
    for vendor in NAMES:
        send(mock.url, request(f"/{vendor}/nowhere{query}", method="POST", body=body))

    assert [
        json.decode(line)["vendor"] for line in mock.admin.export_journal("ndjson", None).splitlines()
    ] == list(NAMES)
    assert all("nowhere" in text for text in outputs(mock.admin, None).values())


def test_tenant_name_with_a_lone_surrogate_is_refused(mock: SessionMock) -> None:
    """In the same process, the name is not encoded as JSON."""
    with pytest.raises(AdminError, match="surrogate"):
        mock.create_tenant("a\udcffb")

    assert len(mock.admin.tenants()) == 1


# Misplaced credentials


def spellings(key: str) -> dict[str, str]:
    """Return the spellings of a key in a request."""
    return {
        "plain": key,
        "percent-encoded": quote(key, safe=""),
        "percent-encoded letter by letter": "".join(f"%{byte:02X}" for byte in key.encode()),
        "percent-encoded in part": f"%{ord(key[0]):02x}{quote(key[1:], safe='')}",
        "percent-encoded twice": "".join(f"%25{byte:02x}" for byte in key.encode()),
        "base64": quote(b64encode(f"user:{key}".encode()).decode(), safe=""),
        "base64 for URLs": quote(b64encode(f"{key}:".encode(), altchars=b"-_").decode(), safe=""),
        "within a word": f"x{quote(key, safe='')}y",
    }


def hidden(key: str) -> list[str]:
    """Return what no output may contain: the key in any spelling."""
    escaped = "".join(f"\\u{ord(each):04x}" for each in key)
    return [
        *spellings(key).values(),
        json.encode(key).decode()[1:-1],
        escaped,
        b64encode(f"user:{key}".encode()).decode(),
    ]


def leaks(key: str, texts: dict[str, str]) -> list[tuple[str, str]]:
    """Return the outputs that contain a key, with its spelling."""
    return [
        (name, spelled)
        for name, text in texts.items()
        for spelled in hidden(key)
        if spelled.lower() in text.lower()
    ]


def everywhere(path: str, written: str, headers: list[bytes]) -> bytes:
    """Write a request that carries a text in the query, in parameter names and in headers."""
    spelled = written.encode()
    wrong = [
        b"X-Anything: " + spelled,
        b"User-Agent: agent/" + spelled + b" (x)",
        b"X-Other: Basic " + spelled,
        b"X-Other: a, " + spelled,
    ]
    return request(f"{path}?a=1&note={written}&{written}=1", *headers, *wrong)


def bodies(key: str) -> list[bytes]:
    """Return bodies that carry a key: as JSON, as a form, cut off within the key, and malformed."""
    return [
        json.encode({"note": key, "deep": [{"other": f"a {key} b"}], key: 1}),
        b'{"note": "' + "".join(f"\\u{ord(each):04x}" for each in key).encode() + b'"}',
        f"note={quote(key)}&x=1".encode(),
        b'{"broken": "' + key.encode(),
        b"x" * (4096 - len(key) // 2) + key.encode() + b"y" * 100,
    ]


def attack(url: str, key: str, path: str, headers: list[bytes], dead_end: str) -> None:
    """Send a key in every spelling and place, in unmatched requests and in those of a tenant."""
    for written in spellings(key).values():
        send(url, everywhere(f"/{dead_end}/{written}/x", written, []))
        send(url, everywhere(path, written, headers))
    for body in bodies(key):
        send(url, request(f"/{dead_end}/x", method="POST", body=body))
        send(url, request(path, *headers, method="POST", body=body))
        send(url, request(path, *headers, body=body))
    send(url, request("/nowhere/x", b"Authorization: " + key.encode()))
    send(url, request(path, b"Authorization: Bearer " + b64encode(key.encode())))


def values(access: TenantAccess) -> set[str]:
    """Return all credentials of a tenant; a site may be one."""
    return {
        value
        for vendor in access.vendors.values()
        for value in (
            *vendor.credentials.values(),
            *(vendor.sites if set(vendor.sites) & set(vendor.credentials.values()) else ()),
        )
    }


def admin_problem(url: str, key: str) -> str:
    """Return the response of the admin API to a key in its path."""
    return send(
        url,
        request(f"/__admin/tenants/{quote(key, safe='')}/x", f"Authorization: Bearer {ADMIN_TOKEN}".encode()),
    ).decode()


def attacked(url: str) -> tuple[set[str], dict[str, str]]:
    """Send all credentials of a server, its tenants and a deleted tenant; return them and all outputs."""
    vendor, endpoint = next(pair for pair in LISTS if pair[1].site is not None)
    with AdminClient(url, ADMIN_TOKEN) as admin:
        deleted = admin.create_tenant("late", world={"sessions": 5})
        keys = {ADMIN_TOKEN, *values(deleted), *(key for tenant in admin.tenants() for key in values(tenant))}
        admin.delete_tenant("late")
        own = admin.tenant().vendors[vendor.name]
        path = f"/{vendor.name}" + endpoint.paths[0].format_map({str(endpoint.site): own.sites[0]})
        headers = [f"{name}: {value}".encode() for name, value in own.headers.items()]
        texts = {"admin problems": "\n".join(admin_problem(url, key) for key in keys)}
        for number, key in enumerate(sorted(keys)):
            before = admin.journal(None, limit=0).count
            attack(url, key, path, headers, [*NAMES, "nowhere"][number % 5])
            for whose, after in ((None, before), ("default", 0)):
                texts.update(
                    {
                        f"{name} of {whose} {number}": text
                        for name, text in outputs(admin, whose, after).items()
                    }
                )
            admin.clear_journal()
    return keys, texts


async def test_misplaced_credentials_are_masked_in_every_output(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of every tenant and vendor, a deleted tenant, a configured one, and the admin token."""
    caplog.set_level(logging.DEBUG)
    other = TenantConfig(world={"sessions": 5, "seed": 9}, credentials={TOKENS[-1]: ASSUMED})
    config = Config(
        port=0, world={"sessions": 5}, admin_token=ADMIN_TOKEN, access_log=True, tenants={"other": other}
    )
    async with serving(config) as running:
        keys, texts = await asyncio.to_thread(attacked, running.url)
    texts["logs"] = "\n".join(
        [caplog.text, *(str(record.msg) + str(record.args) for record in caplog.records)]
    )

    assert len(keys) >= 15
    assert {ASSUMED, ADMIN_TOKEN} <= keys
    assert all(
        "[redacted]" in text
        for name, text in texts.items()
        if name.partition(" ")[0] in (*FORMS, "admin", "logs")
    )
    assert {key: found for key in keys if (found := leaks(key, texts))} == {}


def test_secret_of_a_body_key_is_masked_under_another_name(mock: SessionMock) -> None:
    for vendor in NAMES:
        handle = mock.vendor(vendor)
        for name, value in handle.credentials.items():
            body = json.encode({**handle.body, f"{name}_backup": value, "list": [value]})
            send(mock.url, request(f"/{vendor}/nowhere", method="POST", body=body))

            assert leaks(value, outputs(mock.admin, None)) == []


@pytest.mark.parametrize(
    "word", ["send", "header", "Bearer", "the header", "credential", "tenant", "key", "API key"]
)
@pytest.mark.parametrize("vendor", NAMES)
def test_word_sent_as_credential_is_not_masked_in_messages(
    mock: SessionMock, vendor: str, word: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Near misses, response and log stay readable if a client sends a common word as its credential."""
    endpoint = next(each for name, each in PAIRS if name == vendor)
    path = f"/{vendor}" + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "1"))
    for key in (word, "unknown-key-1"):
        body = (
            json.encode(dict.fromkeys(endpoint.credentials.fields, key)) if endpoint.method == "POST" else b""
        )
        send(
            mock.url,
            request(path, f"Authorization: Bearer {key}".encode(), method=endpoint.method, body=body),
        )
    with_word, with_key = mock.admin.journal(None).exchanges

    assert with_word["near_misses"] == with_key["near_misses"]
    assert "[redacted]" not in str(with_word["near_misses"])
    assert [line.split(": ", 1)[1] for line in caplog.messages] == [caplog.messages[1].split(": ", 1)[1]] * 2
    bodies = [
        str(each["response"]["body"]).replace("[redacted]", "").replace(word, "")
        for each in (with_word, with_key)
    ]
    assert bodies[0] == bodies[1]


def test_reprs_of_handles_and_settings_show_no_credential(mock: SessionMock) -> None:
    other = TenantConfig(credentials={TOKENS[0]: ASSUMED})
    config = Config(admin_token=ADMIN_TOKEN, credentials={TOKENS[-1]: ASSUMED}, tenants={"a": other})
    access = mock.admin.tenant()
    shown = repr(
        [mock, mock.admin, access, *(mock.vendor(name) for name in NAMES), config, mock.admin.tenants()]
    )

    assert all(name in shown for name in NAMES)
    assert [key for key in (ADMIN_TOKEN, ASSUMED, *values(access)) if key in shown] == []


# Terminals


def dangerous(text: str) -> list[str]:
    """Return the characters that a terminal would act on or would reorder text for."""
    return [each for each in text if each not in "\n\t" and category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


async def test_logs_escape_control_and_bidi_characters(caplog: pytest.LogCaptureFixture) -> None:
    """In path, query and headers, also of requests that cannot be parsed."""
    caplog.set_level(logging.DEBUG)
    async with serving(Config(port=0, access_log=True)) as running:
        vendor, endpoint = LISTS[0]
        key = running.tenants[0].identifiers[vendor.name].credentials["token"]
        known = f"/{vendor.name}" + endpoint.paths[0].format_map(dict.fromkeys(endpoint.path, "1"))
        agent = "User-Agent: \x9b31m\u202e\u2066\ufeff".encode()
        hostile = quote(HOSTILE + "\n")
        for path in (
            f"/{hostile}",
            f"{known}?{hostile}={key}",
            f"/{NAMES[-1]}/{hostile}?x={hostile}",
        ):
            for header in (agent, b"Bad\x9b: 1", b"Referer: http://user:pw-1@host/"):
                answer = await asyncio.to_thread(send, running.url, request(path, header))
                assert status(answer) in (400, 401, 404)
        await asyncio.to_thread(send, f"{running.url}", request("http://user:pw-1@host/x"))

    assert len(caplog.records) > 12
    assert dangerous("".join(caplog.messages).replace("\n", "")) == []
    assert [line for line in caplog.messages if "access" in line and "\n" in line] == []
    assert "pw-1" not in caplog.text


COMMANDS = [
    ["journal", "list"],
    ["journal", "list", "--json"],
    ["journal", "export", "--format", "har"],
    ["journal", "export", "--format", "ndjson"],
    ["journal", "follow", "--limit", "3"],
    ["journal", "show", "1"],
    ["journal", "show", "2", "--json"],
    ["journal", "list", "--unmatched"],
    ["journal", "list", "--unmatched", "--json"],
    ["tenant", "list"],
    ["verify"],
    ["findings"],
    ["journal", "list", "--vendor", HOSTILE],
    ["journal", "list", "--tenant", HOSTILE],
]


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words).encode("ascii", "backslashreplace").decode()
)
def test_commands_escape_control_and_bidi_characters(mock: SessionMock, words: list[str]) -> None:
    hostile = quote(HOSTILE)
    vendor, endpoint = next(pair for pair in LISTS if pair[1].site is not None)
    handle = mock.vendor(vendor.name)
    path = f"/{vendor.name}" + endpoint.paths[0].format_map({str(endpoint.site): handle.sites[0]})
    headers = [f"{name}: {value}".encode() for name, value in handle.headers.items()]
    for _ in range(3):
        answer = send(
            mock.url,
            request(
                f"{path}?{hostile}={hostile}",
                *headers,
                b"User-Agent: " + "\x9b31m\u202e".encode(),
                body=HOSTILE.encode(),
            ),
        )
        assert status(answer) < 500
        send(
            mock.url,
            request(
                f"/{vendor.name}/{hostile}?{hostile}={hostile}",
                method="POST",
                body=json.encode({HOSTILE: HOSTILE}),
            ),
        )
        send(mock.url, request(f"/{vendor.name}{endpoint.paths[0]}?{hostile}={handle.credentials['token']}"))
    result = CliRunner().invoke(cli, ["admin", "--url", mock.url, *words])

    assert result.output
    assert dangerous(result.output) == []


def test_json_of_a_command_is_the_same_json(mock: SessionMock) -> None:
    """Escaping does not change the value."""
    send(mock.url, request("/nowhere", method="POST", body=json.encode({"a": HOSTILE + "\U000e0001"})))
    result = CliRunner().invoke(cli, ["admin", "--url", mock.url, "journal", "export", "--unmatched"])

    assert json.decode(result.output)["request"]["body"] == {"a": HOSTILE + "\U000e0001"}


# Exports


def test_archive_is_streamed_without_blocking_other_requests(mock: SessionMock) -> None:
    """The reader of the archive stops reading."""
    for _ in range(200):
        send(mock.url, request("/nowhere", b"X-Large: " + b"x" * 6000))
    with closing(urlopen(f"{mock.url}/__admin/journal?format=har")) as slow:  # noqa: S310 -- our own server
        begun = slow.read(10)
        answer = send(mock.url, request("/__admin/health"))
        whole = json.decode(begun + slow.read())

    pieces = [
        send(mock.url, request(f"/__admin/journal?limit=5000{form}")).count(b"\r\n") // 2
        for form in ("", "&format=har", "&format=ndjson")
    ]

    assert min(pieces) >= len(whole["log"]["entries"])
    assert status(answer) == 200
    assert len(whole["log"]["entries"]) == len(mock.admin.journal(None, limit=5000).exchanges) > 100
    assert whole == json.decode(mock.admin.export_journal("har", None))


# User info in URLs


@pytest.mark.parametrize(
    "url",
    [
        "http://user:pw-1@127.0.0.1:1",
        "user:pw-1@127.0.0.1:1",
        "http://u:pw-1/x@h:1",
        "http://pw-1@[bad",
        "ftp://u:pw-1@h",
    ],
)
def test_user_info_of_a_url_is_refused_and_never_shown(url: str) -> None:
    for use in (AdminClient, SessionMock.connect):
        with pytest.raises(ValueError, match=r"\[redacted\]") as refused:
            use(url)
        assert "pw-1" not in str(refused.value)
    result = CliRunner().invoke(cli, ["admin", "--url", url, "health"])

    assert result.exit_code == 2
    assert "[redacted]" in result.output
    assert "pw-1" not in result.output
