"""A client that follows a redirect of a fault is not blamed for what it finds there."""

from typing import Any

import pytest

from mockserver.server.faults.registry import read
from mockserver.server.review.verification import unexpected
from tests.server.asking import LISTS, Pair, name


@pytest.mark.parametrize(
    "location", ["/api/moved?page=1", "http://127.0.0.1/api/moved?page=1", "../moved?page=1"]
)
@pytest.mark.parametrize("pair", LISTS, ids=name)
async def test_unknown_path_is_expected_only_after_redirect(serve: Any, pair: Pair, location: str) -> None:
    mock = await serve()
    path, arguments = mock.parts(*pair, dict(pair[1].example))
    target = "/api/moved?page=1"
    if location.startswith(".."):
        target = f"{path.rpartition('/')[0].rpartition('/')[0]}/moved?page=1"
    [active] = mock.tenant.faults.add(
        read({"kind": "respond", "status": 307, "headers": {"Location": location}, "times": 1})
    )

    credentials = arguments if "json" in arguments else {"headers": arguments["headers"]}
    async with mock.client.request(pair[1].method, path, **arguments, allow_redirects=False) as response:
        assert response.status == 307
    async with mock.client.request(pair[1].method, target, **credentials) as response:
        assert response.status == 404

    assert active.effective == 1
    assert unexpected(mock.tenant.journal) == []

    async with mock.client.request(pair[1].method, target + "0", **credentials) as response:
        assert response.status == 404

    assert [summary.exchanges for summary in unexpected(mock.tenant.journal)] == [[3]]
