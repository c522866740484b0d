"""Tests of the pages that show a vendor's OpenAPI document."""

import json
import os
import re
import subprocess
import sys
from gzip import decompress
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession

from mockserver.server.admin.app import Admin
from mockserver.server.app import create_app
from mockserver.server.configuration.config import Config
from mockserver.server.configuration.tenants import tenants
from mockserver.server.docs_ui import ASSETS, Origin, origin
from mockserver.server.runner import serving
from mockserver.server.tenancy.tenant import Tenants
from mockserver.vendors import NAMES
from tools import fetch_swagger_ui as fetch

TYPES = {".css": "text/css", ".js": "text/javascript", "": "text/plain"}
PLAIN = {"Accept-Encoding": "identity"}
NPM = """#!/bin/sh
cd "$4" && mkdir package && cd package && for name in NAMES; do echo "$name of $5" > $name; done
cd .. && tar -czf archive.tgz package
"""
"""As it packs a package: ``npm pack --silent --pack-destination FOLDER PACKAGE``."""


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.values: dict[str, Any] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 -- as it is called
        """Keep what matters of an element."""
        for name, value in attrs:
            if name in ("src", "href") and value is not None:
                self.references.append(value)
            if name == "data-values" and value is not None:
                self.values = json.loads(value)


async def opened(client: Any, name: str, **headers: str) -> Page:
    """Return a vendor's page, read."""
    async with client.get(f"/{name}/docs", headers=headers) as response:
        assert response.status == 200
        return Page(await response.text())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("own_host", [True, False], ids=["only", "all"])
async def test_page_and_its_assets_are_served(serve: Any, name: str, own_host: bool) -> None:  # noqa: FBT001 -- of the test's matrix
    mock = await serve(only=name if own_host else None)
    page = await opened(mock.client, name)
    files = [each for each in page.references if not each.startswith("data:")]
    for path, media in [("docs", "text/html"), *((each, TYPES[Path(each).suffix]) for each in files)]:
        async with mock.client.get(f"/{name}/{path}") as got, mock.client.head(f"/{name}/{path}") as head:
            assert (got.status, head.status) == (200, 200), path
            assert got.content_type == head.content_type == media, path
            assert await got.read()

    assert len(files) == 5
    assert (len(mock.tenant.journal), len(mock.served.unmatched)) == (0, 0)


async def test_page_refers_to_no_other_host(serve: Any) -> None:
    mock = await serve()
    async with mock.client.get(f"/{NAMES[0]}/docs") as response:
        policy, texts = response.headers["Content-Security-Policy"], [await response.text()]
    texts += [path.read_text(encoding="utf-8") for path in ASSETS.glob("page.*")]

    assert len(texts) == 4
    assert [re.findall(r"(?:https?:)?//[\w.-]+\.\w+", text) for text in texts] == [[]] * 4
    assert set(re.findall(r"[\w-]+-src ([^;]+)", policy)) == {"'none'", "'self'", "'self' data:"}


@pytest.mark.parametrize("asset", ["unlike.js", "page.html", "swagger-ui.css.gz", "..%2F__init__.py"])
async def test_other_files_are_not_found(serve: Any, asset: str) -> None:
    mock = await serve()
    for path in (f"/{NAMES[0]}/docs/{asset}", "/unlike/docs"):
        async with mock.client.get(path) as response:
            assert response.status == 404


async def test_shipped_viewer_equals_recorded_hashes(serve: Any) -> None:
    mock, said = await serve(), origin()
    for name, hashed in said.files.items():
        for headers in ({}, PLAIN):
            async with mock.client.get(f"/{NAMES[0]}/docs/{name}", headers=headers) as response:
                assert sha256(await response.read()).hexdigest() == hashed, name
    async with mock.client.get(f"/{NAMES[0]}/docs") as response:
        assert f"{said.package} {said.version}" in await response.text()


@pytest.mark.parametrize("name", NAMES)
async def test_prepared_requests_of_page_succeed(serve: Any, name: str) -> None:
    mock = await serve(world={"seed": 99})
    values = (await opened(mock.client, name)).values
    async with mock.client.get(f"/{name}/openapi.json") as response:
        paths = (await response.json())["paths"]
    asked = {f"{method} {path}" for path, operations in paths.items() for method in operations}
    for line, known in values["requests"].items():
        method, path = line.split(" ", 1)
        names = [parameter["name"] for parameter in paths[path][method].get("parameters", [])]
        sent = {
            "params": {
                each: value for each, value in known.items() if each in names and f"{{{each}}}" not in path
            }
        }
        sent |= {"json": known} if method == "post" else {}
        async with mock.client.request(
            method, path.format_map(known), headers={"Authorization": f"Bearer {values['token']}"}, **sent
        ) as response:
            assert response.status == 200, line

    assert asked == set(values["requests"])


async def test_page_of_empty_world_has_no_session(serve: Any) -> None:
    mock = await serve(profile="empty")

    assert [(await opened(mock.client, name)).values["requests"] != {} for name in NAMES] == [True] * len(
        NAMES
    )


async def test_page_has_credentials_only_for_authorized_clients(aiohttp_client: Any) -> None:
    served = Tenants(tenants(Config()))
    open_to_all, guarded, closed = [
        await aiohttp_client(create_app(served, admin=admin))
        for admin in (True, Admin(served, token="secret"), False)
    ]

    assert (await opened(open_to_all, NAMES[0])).values["requests"]
    assert (await opened(open_to_all, NAMES[0], Host="mock.example")).values == {}
    assert (await opened(guarded, NAMES[0])).values == (await opened(closed, NAMES[0])).values == {}

    served.delete(next(iter(served.by_name.values())))

    assert (await opened(open_to_all, NAMES[0])).values == {}


@pytest.mark.parametrize(
    ("settings", "shows_values"),
    [({}, True), ({"admin_token": "secret"}, False), ({"no_admin": True}, False)],
)
async def test_page_on_vendor_port_follows_same_authorization(
    settings: dict[str, Any],
    shows_values: bool,  # noqa: FBT001 -- what is expected
) -> None:
    name = NAMES[0]
    async with (
        serving(Config(port=0, vendor_ports={name: 0}, **settings)) as running,
        ClientSession(running.vendor_url(name)) as client,
    ):
        assert bool((await opened(client, name)).values) == shows_values


def test_docs_ui_is_imported_lazily() -> None:
    code = "import sys, mockserver.server.app; sys.exit('mockserver.server.docs_ui' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.fixture(name="npm")
def _npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder to fetch into, by an npm that has something of every file."""
    program, into = tmp_path / "bin" / "npm", tmp_path / "assets"
    program.parent.mkdir()
    into.mkdir()
    program.write_text(NPM.replace("NAMES", " ".join(origin().files)), encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    monkeypatch.setattr(fetch, "ASSETS", into)
    monkeypatch.setattr(fetch, "ORIGIN", into / "origin.json")
    return into


def test_fetch_writes_files_and_origin(npm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fetch", "0.0.1"])
    fetch.main()
    told = msgspec.json.decode((npm / "origin.json").read_bytes(), type=Origin)

    assert {path.name for path in npm.iterdir()} == {
        path.name for path in ASSETS.iterdir() if not path.name.startswith("page.")
    }
    assert (told.package, told.version) == (origin().package, "0.0.1")
    assert told.integrity.startswith("sha512-")
    assert (
        decompress((npm / "swagger-ui.css.gz").read_bytes())
        == f"swagger-ui.css of {told.package}@0.0.1\n".encode()
    )
    assert told.files["LICENSE"] == sha256((npm / "LICENSE").read_bytes()).hexdigest()


@pytest.mark.usefixtures("npm")
def test_fetch_of_changed_archive_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["fetch"])

    with pytest.raises(SystemExit, match=r"has changed: expected sha512-.*, got sha512-"):
        fetch.main()
