"""Clients made of third-party packages, as their documentation shows them: ``third_party.py KIT``.

They collect the list of one vendor with pages by number, and print its rows as lines of JSON. A package is
imported only by its own kit.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

SIZE: Final = 5
TIMEOUT: Final = 2
TEMPORARY: Final = (429, 500, 502, 503, 504)
URL: Final = os.environ.get("SESSION_MOCK_RYBBIT_URL", "")
SITE: Final = os.environ.get("SESSION_MOCK_RYBBIT_SITE", "")
TOKEN: Final = os.environ.get("SESSION_MOCK_RYBBIT_TOKEN", "")
PATH: Final = f"/api/sessions/{SITE}"
HEADERS: Final = {"Authorization": f"Bearer {TOKEN}"}
QUERY: Final = {
    "start_date": os.environ.get("SESSION_MOCK_START_DATE", ""),
    "end_date": os.environ.get("SESSION_MOCK_END_DATE", ""),
    "time_zone": "UTC",
    "limit": SIZE,
}


def walk(fetch: Callable[[dict[str, Any]], Any]) -> Iterator[dict[str, Any]]:
    """Yield the rows of all pages until one is not full."""
    page = 1
    while True:
        rows = fetch({**QUERY, "page": page})["data"]
        yield from rows
        if len(rows) < SIZE:
            return
        page += 1


def with_urllib3() -> Iterator[dict[str, Any]]:
    """Retry with the adapter of requests and urllib3's Retry."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    session = requests.Session()
    retry = Retry(total=5, backoff_factor=0.2, status_forcelist=TEMPORARY)
    session.mount("http://", HTTPAdapter(max_retries=retry))

    def fetch(query: dict[str, Any]) -> Any:
        response = session.get(URL + PATH, params=query, headers=HEADERS, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()

    return walk(fetch)


def with_tenacity() -> Iterator[dict[str, Any]]:
    """Retry a request of httpx with tenacity."""
    import httpx
    from tenacity import retry, stop_after_attempt, wait_exponential

    @retry(stop=stop_after_attempt(5), wait=wait_exponential(0.2), reraise=True)
    def fetch(query: dict[str, Any]) -> Any:
        response = httpx.get(URL + PATH, params=query, headers=HEADERS, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()

    return walk(fetch)


def with_backoff() -> Iterator[dict[str, Any]]:
    """Retry a request of requests with backoff, but not after a permanent refusal."""
    import backoff
    import requests

    def is_permanent(error: Exception) -> bool:
        response = getattr(error, "response", None)
        return response is not None and response.status_code not in TEMPORARY

    @backoff.on_exception(
        backoff.expo, requests.RequestException, max_tries=5, factor=0.2, giveup=is_permanent
    )
    def fetch(query: dict[str, Any]) -> Any:
        response = requests.get(URL + PATH, params=query, headers=HEADERS, timeout=TIMEOUT)
        response.raise_for_status()
        return response.json()

    return walk(fetch)


def with_aiohttp_retry() -> Iterator[dict[str, Any]]:
    """Retry with the client of aiohttp-retry."""
    import asyncio

    from aiohttp import ClientTimeout
    from aiohttp_retry import ExponentialRetry, RetryClient

    async def collect() -> list[dict[str, Any]]:
        options = ExponentialRetry(attempts=5, start_timeout=0.2, statuses=set(TEMPORARY))
        timeout = ClientTimeout(total=TIMEOUT)
        rows: list[dict[str, Any]] = []
        async with RetryClient(retry_options=options, timeout=timeout, raise_for_status=True) as client:
            page = 1
            while True:
                async with client.get(URL + PATH, params={**QUERY, "page": page}, headers=HEADERS) as answer:
                    found = (await answer.json())["data"]
                rows += found
                if len(found) < SIZE:
                    return rows
                page += 1

    return iter(asyncio.run(collect()))


def with_dlt() -> Iterator[dict[str, Any]]:
    """Follow the pages with the REST client of dlt."""
    from dlt.sources.helpers.requests import Client
    from dlt.sources.helpers.rest_client import RESTClient
    from dlt.sources.helpers.rest_client.paginators import PageNumberPaginator

    session = Client(request_timeout=TIMEOUT, request_max_attempts=5, request_backoff_factor=0.2).session
    client = RESTClient(
        base_url=URL,
        headers=HEADERS,
        paginator=PageNumberPaginator(base_page=1, page_param="page", total_path=None),
        data_selector="data",
        session=session,
    )
    for page in client.paginate(PATH, params=QUERY):
        yield from page


def with_airbyte_cdk() -> Iterator[dict[str, Any]]:
    """Run a manifest with the command of Airbyte's connector kit, and yield the records of its messages."""
    config = {
        "url": URL,
        "site": SITE,
        "token": TOKEN,
        "start_date": QUERY["start_date"],
        "end_date": QUERY["end_date"],
    }
    stream = {"name": "sessions", "json_schema": {}, "supported_sync_modes": ["full_refresh"]}
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    with TemporaryDirectory() as name:
        options = ["--manifest-path", str(Path(__file__).with_name("airbyte.yaml"))]
        for option, content in (("config", config), ("catalog", {"streams": [{"stream": stream, **modes}]})):
            file = Path(name) / f"{option}.json"
            file.write_text(json.dumps(content), encoding="utf-8")
            options += [f"--{option}", str(file)]
        command = Path(sys.executable).with_name("source-declarative-manifest")
        done = subprocess.run([str(command), "read", *options], stdout=subprocess.PIPE, check=False)
    rows = []
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD":
            rows.append(message["record"]["data"])
        else:
            sys.stderr.write(f"{line.decode()}\n")
    done.check_returncode()
    yield from rows


KITS: Final = {
    "urllib3": with_urllib3,
    "tenacity": with_tenacity,
    "backoff": with_backoff,
    "aiohttp-retry": with_aiohttp_retry,
    "dlt": with_dlt,
    "airbyte-cdk": with_airbyte_cdk,
}


def main() -> None:
    """Print the rows; an exception ends the program with code 1."""
    rows = list(KITS[sys.argv[1]]())
    for row in rows:
        print(json.dumps(row))


if __name__ == "__main__":
    main()
