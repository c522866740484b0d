"""A page of another origin in a real browser reads the lists that it may read; needs Chromium."""

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from mockserver import SessionMock
from mockserver.server.requests.negotiation import find_policy
from mockserver.vendors import load_dialects
from tests.embedded.crawling import all_rows_params

CHROMIUM: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS: Final = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=20000", "--dump-dom"),
)
LISTS: Final = [
    (vendor, endpoint)
    for vendor in load_dialects()
    for endpoint in vendor.contract.endpoints
    if endpoint.start_field
]
PAGE: Final = """<!doctype html><link rel="icon" href="data:,"><pre id="result"></pre><script type="module">
const results = [];
for (const [url, options] of REQUESTS) {
  try {
    const response = await fetch(url, options);
    results.push([response.status, await response.text()]);
  } catch (error) {
    results.push([0, String(error)]);
  }
}
document.getElementById("result").textContent = JSON.stringify(results);
</script>"""


class Page(BaseHTTPRequestHandler):
    """Serves one page, whatever is requested."""

    content = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(name="origin")
def _origin() -> Iterator[str]:
    """Serve the page at another origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def create_request(mock: SessionMock, vendor: Any, endpoint: Any) -> tuple[str, dict[str, Any]]:
    """Return the arguments of fetch() for a list."""
    with_access = mock.vendor(vendor.name)
    params = all_rows_params(endpoint)
    path = endpoint.paths[0].format_map({endpoint.site: with_access.sites[0]})
    if endpoint.method == "GET":
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return f"{with_access.base_url}{path}?{query}", {"headers": with_access.headers}
    headers = {**with_access.headers, "Content-Type": "application/json"}
    body = json.dumps({**with_access.body, **params})
    return with_access.base_url + path, {"method": "POST", "headers": headers, "body": body}


def browse(requests: list[tuple[str, dict[str, Any]]], origin: str, profile: Path) -> tuple[list[Any], str]:
    """Run the requests in a page; return their statuses and bodies, and the log with the console."""
    Page.content = PAGE.replace("REQUESTS", json.dumps(requests)).encode()
    run = subprocess.run(
        [str(CHROMIUM), *FLAGS, f"--user-data-dir={profile}", origin],
        capture_output=True,
        check=True,
        text=True,
        timeout=100,
    )
    found = re.search(r'<pre id="result">(.*?)</pre>', run.stdout, re.DOTALL)
    assert found, run.stdout
    return json.loads(unescape(found[1])), run.stderr


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_page_of_other_origin_reads_every_list(origin: str, tmp_path: Path, coding: str) -> None:
    names = {vendor.name for vendor, _ in LISTS}
    behaviors: dict[str, str | int] = {f"{name}.cors": "any" for name in names}
    behaviors |= {f"{name}.encoding": coding for name in names}
    documented = [(vendor, endpoint) for vendor, endpoint in LISTS if vendor.dialect == "documented"]
    with SessionMock(behaviors=behaviors, sessions=20) as mock:
        requests = [create_request(mock, *pair) for pair in documented]
        results, log = browse(requests, origin, tmp_path)

        assert [status for status, _ in results] == [200] * len(requests)
        assert all(json.loads(body) for _, body in results)
        assert "CONSOLE" not in log
        assert mock.verify().unexpected == []


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")
def test_page_of_other_origin_reads_what_vendors_allow(origin: str, tmp_path: Path) -> None:
    for vendor, endpoint in LISTS:
        if vendor.dialect not in ("documented", vendor.observed):
            continue
        allowed = find_policy(vendor, endpoint.name, {}).origin != "none"
        with SessionMock(dialect={vendor.name: vendor.dialect}, sessions=20) as mock:
            [(status, body)], log = browse(
                [create_request(mock, vendor, endpoint)], origin, tmp_path / vendor.label
            )

            assert (status, "Failed to fetch" in body) == ((200, False) if allowed else (0, True))
            assert ("blocked by CORS policy" in log) == (not allowed)
            assert mock.verify().unexpected == []
