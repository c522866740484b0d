"""Read the pages of a Rybbit site concurrently with aiohttp."""

import asyncio
from typing import Any

import aiohttp
import pytest

from mockserver import CheckedTenant, VendorHandle

PAGE_SIZE = 100


async def read_page(session: aiohttp.ClientSession, rybbit: VendorHandle, page: int) -> list[dict[str, Any]]:
    """Return the sessions of one page."""
    url = f"{rybbit.base_url}/api/sessions/{rybbit.sites[0]}"
    params = {"page": str(page), "limit": str(PAGE_SIZE), "time_zone": "UTC"}
    async with session.get(url, params=params, headers=rybbit.headers) as response:
        response.raise_for_status()
        data: list[dict[str, Any]] = (await response.json())["data"]
        return data


async def read_sessions(rybbit: VendorHandle, batch: int = 4) -> list[dict[str, Any]]:
    """Return every session: the client under test.

    It requests *batch* pages at a time until one is not full.
    """
    rows: list[dict[str, Any]] = []
    async with aiohttp.ClientSession() as session:
        first = 1
        while True:
            pages = await asyncio.gather(
                *(read_page(session, rybbit, page) for page in range(first, first + batch))
            )
            rows += [row for page in pages for row in page]
            if len(pages[-1]) < PAGE_SIZE:
                return rows
            first += batch


@pytest.mark.session_mock(sessions=777)
def test_concurrent_client_reads_all_sessions(session_mock: CheckedTenant) -> None:
    rows = asyncio.run(read_sessions(session_mock.vendor("rybbit")))

    session_mock.reconcile(rows, vendor="rybbit", endpoint="list_sessions")
