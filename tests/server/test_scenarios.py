"""Shipped scenarios provoke what they describe, and a careful client copes with them."""

import time
from pathlib import Path
from typing import Any

import pytest
from msgspec import to_builtins

from mockserver import SessionMock
from mockserver.server.configuration.config import ConfigError, read_config
from mockserver.server.configuration.scenarios import load_scenario, scenario_names, tenant_arguments
from mockserver.vendors import get_vendor
from tests.clients.careful import CarefulClient
from tests.clients.lists import QUICK, SESSIONS, list_params

ENDPOINTS = {"browsee": "export_sessions", "rybbit": "list_sessions", "sparklytics": "list_sessions"}
RUNNING = "live-traffic"
"""A scenario whose rows no client can collect in pages without a time window."""


@pytest.mark.parametrize("name", [name for name in scenario_names() if name != RUNNING])
def test_careful_client_collects_rows_of_scenario(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each fault triggers and is effective, and each limit is reached."""
    size: dict[str, Any] = {} if "profile" in load_scenario(name).settings else {"sessions": SESSIONS}
    refusals = 0
    with SessionMock() as mock:
        for vendor, endpoint_name in ENDPOINTS.items():
            endpoint = get_vendor(vendor).endpoint(endpoint_name)
            params = list_params(endpoint) if size else {}
            with mock.create_tenant(scenario=name, behaviors=QUICK, **size) as tenant:
                with tenant.clock.patch(), CarefulClient(tenant.vendor(vendor), endpoint, params) as client:
                    monkeypatch.setattr(client, "wait", time.sleep)
                    rows = client.collect()
                faults = [fault for fault in tenant.faults if fault.get("vendor") in (None, vendor)]
                verification = tenant.verify()

                tenant.reconcile(rows, vendor, endpoint_name, order="any")
                assert [fault["kind"] for fault in faults if not fault["effective"]] == []
                assert [found.name for found in verification.findings if found.level == "error"] == []
                refusals += tenant.journal.count(status=429)
    assert (refusals > 0) == (name == "rate-limited")


def test_live_traffic_grows_while_client_reads() -> None:
    with SessionMock(scenario=RUNNING) as mock:
        state = mock.admin.clock()

        assert (state.mode, state.rate, state.now[:16]) == ("running", 60, "2026-02-01T12:00")


def test_scenario_is_the_base_of_settings_and_faults_are_added(tmp_path: Path) -> None:
    fault = {"kind": "empty_page"}
    (tmp_path / "own.toml").write_text(
        'description = "x"\nlimits = {"rybbit.api" = {allowed = 9}}\n[world]\nsessions = 9\nsites = 3\n'
        '[[faults]]\nkind = "reset"\n',
        encoding="utf-8",
    )
    path = tmp_path / "config.toml"
    path.write_text(
        'scenario = "own.toml"\nworld = {sessions = 8}\nfaults = [{kind = "no_end"}]\n'
        '[tenants.b]\nscenario = "short-outage"\n',
        encoding="utf-8",
    )
    config = read_config(path, {"faults": [fault], "limits": {"rybbit.api": {"seconds": 5}}})

    assert config.world == {"sessions": 8, "sites": 3}
    assert [each["kind"] for each in config.faults] == ["reset", "no_end", "empty_page"]
    assert config.limit_changes["rybbit.api"].seconds == 5
    assert config.tenants["b"].faults[0]["status"] == 503
    assert tenant_arguments(tmp_path / "own.toml")["sessions"] == 9
    assert read_config(path, {"scenario": "no-sessions"}).profile == "empty"


def test_wrong_scenarios_are_explained(tmp_path: Path) -> None:
    nested = tmp_path / "nested.toml"
    nested.write_text('scenario = "no-sessions"', encoding="utf-8")
    wrong = {
        "rate-limit": "unknown scenario 'rate-limit'; did you mean 'rate-limited'?",
        str(nested): "cannot be based on another one",
        "no/such.toml": "cannot read the file",
    }
    for name, message in wrong.items():
        with pytest.raises(ConfigError, match=message.replace("?", r"\?")):
            SessionMock(scenario=name)


def test_faults_and_limits_of_configuration_apply_and_limits_survive_reset() -> None:
    limits: dict[str, Any] = {"rybbit.api": {"allowed": 5, "seconds": 7}, "braze.shared": {"enabled": False}}
    with SessionMock(faults=[{"kind": "reset"}], limits=limits) as mock:
        before = {limit.name: limit for limit in mock.limits}
        assert [fault["kind"] for fault in mock.faults] == ["reset"]
        mock.reset()

        assert {limit.name: limit for limit in mock.limits} == before
        assert "allowed=5, " in repr(before["rybbit.api"])
        assert "seconds=7, " in repr(before["rybbit.api"])
        assert not before["braze.shared"].enabled
        assert list(mock.faults) == []
    with pytest.raises(ConfigError, match="unknown kind of fault 'rest'; did you mean 'reset'"):
        SessionMock(faults=[{"kind": "rest"}]).start()
    with pytest.raises(ConfigError, match=r"unknown limit 'rybbit\.ap'; did you mean 'rybbit\.api'"):
        SessionMock(limits={"rybbit.ap": {"allowed": 1}}).start()


def test_limits_are_numbers_booleans_or_tables(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(
        "[limits]\n'rybbit.api' = 3\n'braze.shared' = false\n'sparklytics.sessions' = {allowed = 5}",
        encoding="utf-8",
    )
    with SessionMock(scenario=path) as mock, mock.create_tenant(scenario=path) as tenant:
        for handle in (mock, tenant):
            limits = {limit.name: to_builtins(limit) for limit in handle.limits}

            assert (limits["rybbit.api"]["allowed"], limits["rybbit.api"]["seconds"]) == (3, 600)
            assert not limits["braze.shared"]["enabled"]
            assert limits["sparklytics.sessions"]["allowed"] == 5
