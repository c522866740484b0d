"""A restored tenant answers the same requests with the same bytes as the tenant of the snapshot."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner
from msgspec import json

from mockserver import SessionMock
from mockserver.cli.main import cli
from mockserver.embedded.tenant import TenantHandle
from mockserver.server.configuration.config import ConfigError, read_config
from mockserver.vendors import get_vendor
from tests.clients.lists import LISTS, QUICK, list_params
from tests.support.tls import TLS

FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503, "nth": 12},
    {"kind": "session_deleted", "page": 2, "times": 1},
    {"kind": "status", "status": 500, "probability": 0.3, "after": 3},
    {"kind": "changing_total", "times": 40},
]
LIMITS = {"rybbit.api": {"allowed": 30, "seconds": 300}, "braze.shared": {"allowed": 9, "seconds": 50}}
QUICK_LISTS = [pair for pair in LISTS if pair[0].dialect == "documented" and pair[1].start_field]
IGNORED = {"date", "server"}


def send_requests(tenant: TenantHandle) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """Request three pages of every documented list, and send an event; return statuses, headers and bodies."""
    responses = []
    with httpx.Client(trust_env=False, verify=TLS) as http:

        def send(vendor_name: str, endpoint_name: str, params: dict[str, Any]) -> bytes:
            vendor = tenant.vendor(vendor_name)
            endpoint = get_vendor(vendor_name).endpoint(endpoint_name)
            path = re.sub(r"\{\w+\}", vendor.sites[0], endpoint.paths[0])
            content: dict[str, Any] = {"params": {**params}, "headers": vendor.headers}
            if endpoint.method == "POST":
                content = {"json": {**vendor.body, **params}, "headers": vendor.headers}
            response = http.request(endpoint.method, vendor.base_url + path, **content)
            headers = [(name, text) for name, text in response.headers.items() if name not in IGNORED]
            responses.append((response.status_code, headers, response.content))
            return response.content

        for vendor, endpoint in LISTS:
            if vendor.dialect == "documented":
                params = dict(list_params(endpoint))
                key = endpoint.pagination.key_field
                for page in (1, 2, 3) if key == "page" else (0,):
                    send(vendor.name, endpoint.name, {**params, **({"page": page} if page else {})})
        for name in ("visit", "buy"):
            send("browsee", "track", {"event": name, "userId": "u-1"})
        send("browsee", "identify", {"userId": "u-1", "traits": {"name": "Ada Example"}})
    return responses


def change(mock: SessionMock) -> TenantHandle:
    """Create a tenant, and change everything that a snapshot has."""
    tenant = mock.create_tenant(
        "bug",
        sessions=30,
        seed=3,
        behaviors=QUICK,
        credentials={"rybbit.token": "rb_mine"},
        limits=LIMITS,
        one_client=True,
    )
    tenant.faults.add("reset", page=999)
    tenant.faults.remove()
    for fault in FAULTS:
        tenant.faults.add(**fault)
    tenant.world.add(start="2026-09-12T10:00:00Z", country="DE", pages=["/", "/pricing"], user_id="u-2")
    tenant.clock.advance(60)
    send_requests(tenant)
    return tenant


def test_restored_tenant_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "bug.json"
    with SessionMock() as mock:
        tenant = change(mock)
        command = ["admin", "--url", mock.url, "snapshot", "--tenant", "bug"]
        path.write_bytes(CliRunner().invoke(cli, command).stdout_bytes)
        taken = tenant.snapshot()
        limits = list(tenant.limits)
        faults = list(tenant.faults)
        expected = send_requests(tenant)
    for restore in (path, str(path), taken):
        with SessionMock(restore=restore) as mock:
            assert list(mock.limits) == limits
            assert list(mock.faults) == faults
            assert mock.snapshot() == taken
            assert taken["one_client"]
            got = send_requests(mock)

            assert got == expected
            mock.reset()
            assert mock.vendor("rybbit").credentials["token"] == "rb_mine"
            assert mock.world.counts == [30, 30]
    assert {status for status, _, _ in expected} >= {200, 500}


def test_sessions_of_settings_and_files_are_in_snapshots(tmp_path: Path) -> None:
    path = tmp_path / "sessions.ndjson"
    session: dict[str, Any] = {
        "start": "2026-09-10T08:00:00Z",
        "country": "DE",
        "pages": ["/", "/pricing"],
        "user_id": "u-1",
    }
    path.write_bytes(json.encode(session) + b"\n" + json.encode({**session, "user_id": "u-2"}) + b"\n")
    with SessionMock(
        sessions_from=path, sessions_as="neutral", add=[{**session, "country": "FR", "user_id": "u-3"}]
    ) as mock:
        mock.world.add(**{**session, "country": "IT"})
        taken = json.decode(json.encode(mock.snapshot()))
        expected = [mock.expected_rows(vendor.name, endpoint.name) for vendor, endpoint in QUICK_LISTS]
        counts = mock.world.counts
    with SessionMock(restore=taken) as mock:
        got = [mock.expected_rows(vendor.name, endpoint.name) for vendor, endpoint in QUICK_LISTS]
        assert got == expected
        assert mock.world.counts == counts
        mock.reset()
        assert mock.snapshot()["settings"] == taken["settings"]
        assert mock.world.counts[0] == counts[0] - 1


def test_running_and_system_clocks_keep_their_mode() -> None:
    for change_clock in ({"action": "rate", "rate": 60}, {"action": "system"}):
        with SessionMock() as mock:
            mock.admin.create_tenant("t", clock=change_clock)  # type: ignore[arg-type]
            state = mock.admin.clock("t")
            taken = mock.admin.snapshot("t")
        with SessionMock(restore=taken) as mock:
            assert (mock.admin.clock().mode, mock.admin.clock().rate) == (state.mode, state.rate)


def test_invalid_snapshots_are_explained(tmp_path: Path) -> None:
    with SessionMock() as mock:
        taken = mock.snapshot()
    text = tmp_path / "text"
    text.write_text("no", encoding="utf-8")
    wrong: list[tuple[Any, str]] = [
        (tmp_path / "none", "cannot read"),
        (text, "is not JSON"),
        ({}, "not a snapshot: .*`session-mock admin snapshot` writes one"),
        ({**taken, "format": 9}, "unknown format 9"),
        ({**taken, "world": {"seed": 1, "sessions": -1, "end": 1}}, "restore: "),
        ({**taken, "behaviors": {"rybbit.no": 1}}, "unknown behavior"),
    ]
    for restore, message in wrong:
        with pytest.raises(ConfigError, match=message):
            SessionMock(restore=restore).start()
    with pytest.raises(ConfigError, match="leave out now"):
        read_config(None, {"restore": "x", "now": "system"})
    assert json.decode(json.encode(taken)) == taken
