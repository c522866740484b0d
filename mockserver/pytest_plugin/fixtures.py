"""The server of a test run, and the tenants of its tests."""

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import json

from mockserver._util.parsers import Strictness
from mockserver._util.printable import printable
from mockserver.admin_schemas.tenants import TenantAccess
from mockserver.client import AdminClient, AdminError
from mockserver.client.fault_files import FaultFileError
from mockserver.client.plain_values import to_plain
from mockserver.embedded import SessionMock
from mockserver.embedded.tenant import TenantHandle, create_from_arguments
from mockserver.embedded.violations import Violation, is_failure
from mockserver.pytest_plugin.checked_tenant import CheckedTenant, check_names
from mockserver.pytest_plugin.marker import derive_seed, derive_tenant_id, merge_markers
from mockserver.pytest_plugin.report import describe_tenant
from mockserver.pytest_plugin.settings import find_setting
from mockserver.server.tenancy.watchdog import BOUNDS
from mockserver.world.model.spec import WorldSpec

_FLOWING_NOW_MS: Final = 30 * 86_400_000
"""Default time of the frozen clock of a flowing world, in milliseconds after its start."""
_MAX_ATTEMPTS: Final = 100
"""Tenant ids that are tried if another run uses the same server."""
_PLUGIN_ARGUMENTS: Final = ("strict", "allow", "tls")
"""Arguments of the marker that are not arguments of a tenant."""
_BOUND_SETTINGS: Final = ("stall_timeout", "loop_limit")
_MAX_FILE_NAME: Final = 100
_JOURNAL: Final = find_setting("journal")


class Run:
    """The server of a test run, and its unmatched exchanges of no tenant."""

    def __init__(self, mock: SessionMock, settings: Mapping[str, Any]) -> None:
        self.mock = mock
        self.settings = settings
        self.late: Counter[str] = Counter()
        """Number of requests after the end of a test, by the id of its tenant."""
        self._last_seen = 0
        self._attempts: Counter[str] = Counter()

    def take_unmatched(self, count: int) -> list[dict[str, Any]]:
        """Return the unmatched exchanges of no tenant since the last call, if their *count* has changed.

        Requests to deleted tenants are counted in :attr:`late` instead. On a server that the run did not
        start, unmatched exchanges may come from elsewhere: they are ignored.
        """
        if not self.mock.owns_server or count == self._last_seen:
            return []
        if 0 <= count < self._last_seen:  # A test has cleared them.
            self._last_seen = 0
        exported = self.mock.admin.export_journal("ndjson", None, after=self._last_seen)
        exchanges = [json.decode(line) for line in exported.splitlines()]
        if exchanges:
            self._last_seen = exchanges[-1]["number"]
        deleted = [exchange["deleted_tenant"] for exchange in exchanges]
        self.late.update(tenant for tenant in deleted if tenant is not None)
        return [exchange for exchange in exchanges if exchange["deleted_tenant"] is None]

    def count_late_requests(self) -> None:
        """Count the late requests since the last test; a server that a test stopped has none."""
        with suppress(RuntimeError, AdminError):
            self.take_unmatched(-1)

    @contextmanager
    def provide_tenant(self, item: pytest.Item) -> Iterator["TenantUnderTest"]:
        """Create the tenant of a test, and delete it at the end."""
        marker = merge_markers(item)
        marker.pop("cases", None)  # They have tenants of their own.
        arguments = self._tenant_arguments(item.nodeid, marker)
        allowed = _check_allowed(marker)
        client = self._admin()
        if marker.get("tls"):
            _start_tls(client)
        access = self._create_tenant(client, item.nodeid, arguments)
        tenant = CheckedTenant(client, access, arguments, allowed)
        strict = _strictness(marker.get("strict", self.settings["strict"]))
        tested = TenantUnderTest(self, tenant, item, strict=strict)
        try:
            yield tested
        finally:
            self._finish(tested, item.nodeid)

    def _tenant_arguments(self, nodeid: str, marker: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments of a test's tenant; the marker wins over the settings."""
        arguments: dict[str, Any] = {
            "profile": self.settings["profile"],
            "seed": derive_seed(self.settings["seed"], nodeid),
        }
        if self.settings["dialect"]:
            arguments["dialect"] = self.settings["dialect"]
        arguments |= {name: self.settings[name] for name in _BOUND_SETTINGS}
        own = {name: value for name, value in marker.items() if name not in _PLUGIN_ARGUMENTS}
        if "scenario" in own:
            arguments |= _expand_scenario(own)
        else:
            arguments |= own
        arguments = to_plain(arguments)
        if "now" not in arguments:
            arguments |= _default_now(arguments)
        return arguments

    def _admin(self) -> AdminClient:
        """Return the admin client of the server, or fail the test if the server was stopped."""
        try:
            return self.mock.admin
        except RuntimeError as error:
            reason = describe_error(error)
        pytest.fail(f"cannot create the tenant of this test: {reason}", pytrace=False)

    def _create_tenant(self, client: AdminClient, nodeid: str, arguments: Mapping[str, Any]) -> TenantAccess:
        """Create the tenant of a test with an unused id; another run may use the same server."""
        for _ in range(_MAX_ATTEMPTS):
            self._attempts[nodeid] += 1
            tenant_id = derive_tenant_id(nodeid, self._attempts[nodeid])
            try:
                return create_from_arguments(client, tenant_id, arguments)
            except AdminError as error:
                reason = error.detail
                if error.status != HTTPStatus.CONFLICT or self.mock.owns_server:
                    break
            except FaultFileError as error:
                reason = str(error)
                break
        pytest.fail(f"cannot create the tenant of this test: {reason}", pytrace=False)

    def _finish(self, tested: "TenantUnderTest", nodeid: str) -> None:
        """Write the journal of a test and delete its tenant; fail the test if that is impossible."""
        if tested.tenant.deleted or tested.lost:
            return
        failures = [self._write_journal(tested.tenant, nodeid)]
        try:
            # CheckedTenant.delete would build a command that is not needed any more.
            TenantHandle.delete(tested.tenant)
        except Exception as error:  # noqa: BLE001 -- the teardown reports every error in one sentence
            if not tested.ended:
                reason = describe_error(error)
                failures.append(f"session-mock cannot delete the tenant of this test: {reason}")
        message = "\n".join(failure for failure in failures if failure)
        if message:
            pytest.fail(message, pytrace=False)

    def _write_journal(self, tenant: CheckedTenant, nodeid: str) -> str | None:
        """Write the journal of a test if a setting names a directory; return why that is impossible."""
        folder: Path | None = self.settings["journal"]
        if folder is None:
            return None
        path = folder / _name_file(nodeid, ".har")
        try:
            archive = json.encode(tenant.journal.har())
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive)
        except OSError as error:
            remedy = f"name another directory with {_JOURNAL.option} or {_JOURNAL.variable}"
            reason = describe_error(error)
            return f"session-mock cannot write the journal of this test to {path}: {reason}; {remedy}"
        except Exception as error:  # noqa: BLE001 -- the teardown reports every error in one sentence
            return f"session-mock cannot write the journal of this test: {describe_error(error)}"
        return None


class TenantUnderTest:
    """A test's tenant, and how far the test has been reported."""

    def __init__(self, run: Run, tenant: CheckedTenant, item: pytest.Item, *, strict: Strictness) -> None:
        self.tenant = tenant
        self.ended = False
        """True if the test has failed or was skipped, so that violations do not fail it again."""
        self.lost = False
        """True if it was reported that the tenant or its server is gone."""
        self._run = run
        self._item = item
        self._strict = strict
        self._unmatched: list[dict[str, Any]] = []
        self._set_properties(seed=tenant.seed, profile=tenant.arguments["profile"], report=None)

    def verify(self) -> None:
        """Fail the test for violations that it did not allow and that were not reported yet."""
        if self.tenant.deleted or self.lost:  # Its exchanges are gone.
            return
        try:
            violations = self._find_violations()
        except Exception as error:  # noqa: BLE001 -- the test's report has every error in one sentence
            if self.ended:
                return
            self.lost = True
            message = f"session-mock cannot verify this test: {describe_error(error)}"
        else:
            if any(violation.level != "note" for violation in violations):
                self.report()
            failing = [violation for violation in violations if self._fails_test(violation)]
            if not failing or self.ended:
                return
            names = ", ".join(dict.fromkeys(repr(violation.allowed_by) for violation in failing))
            texts = [violation.text for violation in failing]
            texts.append(f"If this is intended: session_mock.allow({names})")
            texts += [
                f"{violation.level}, does not fail the test: {violation.text}"
                for violation in violations
                if violation not in failing
            ]
            message = "\n".join(texts)
        pytest.fail(printable(message), pytrace=False)

    def _fails_test(self, violation: Violation) -> bool:
        if violation.name in BOUNDS:
            return True  # Without its bounds the test would have hung or looped, even if it is not strict.
        return is_failure(violation, self._strict)

    def _find_violations(self) -> list[Violation]:
        """Ask the server for violations that were not reported yet."""
        verification = self.tenant.verify()
        unmatched = self._run.take_unmatched(verification.unmatched)
        self._unmatched += unmatched
        self._set_properties(digest=verification.digest)
        return self.tenant.report_violations(verification, unmatched)

    def _set_properties(self, **properties: object) -> None:
        """Set properties of the test for JUnit and others; they replace those of an earlier attempt.

        None removes a property.
        """
        current = self._item.user_properties
        for name, value in properties.items():
            key = f"session_mock_{name}"
            current[:] = [pair for pair in current if pair[0] != key]
            if value is not None:
                current.append((key, value))

    def report(self) -> str:
        """Describe the tenant, also as a property of the test: by default, JUnit files have no sections."""
        text = self.describe()
        self._set_properties(report=text)
        return text

    def describe(self) -> str:
        """Describe the tenant for the report of a failure, or the reason why that is impossible."""
        try:
            return printable(self._describe())
        except Exception as error:  # noqa: BLE001 -- an exception here would end the whole run
            self.lost = True
            return f"session-mock cannot describe the tenant of this test: {describe_error(error)}"

    def _describe(self) -> str:
        if self.tenant.deleted:
            return f"the test deleted its tenant\nreproduce with: {self.tenant.reproduce_command()}"
        verification = self.tenant.verify()
        self._unmatched += self._run.take_unmatched(verification.unmatched)
        bounds = [finding for finding in verification.findings if finding.name in BOUNDS]
        lines = [f"{finding.name}: {finding.message}" for finding in bounds]
        lines.append(describe_tenant(self.tenant, self._unmatched))
        folder: Path | None = self._run.settings["snapshots"]
        lines.append(_OFFER if folder is None else self._write_snapshot(folder))
        return "\n".join(lines)

    def _write_snapshot(self, folder: Path) -> str:
        """Write the tenant's state, and return the command that continues with it, or the problem."""
        path = folder / _name_file(self._item.nodeid, ".json")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(json.encode(self.tenant.snapshot()))
        except OSError as error:
            return f"cannot write the state to {path}: {describe_error(error)}"
        return f"continue with: {shlex.join(['session-mock', 'serve', '--restore', str(path)])}"


_OFFER: Final = "to continue from its last state, run pytest with --session-mock-snapshots DIR"


def _name_file(nodeid: str, suffix: str) -> str:
    """Return the name of a test's file: readable, and different for each test."""
    readable = re.sub(r"[^\w.-]+", "-", nodeid)[:_MAX_FILE_NAME]
    return f"{readable}-{blake2b(nodeid.encode(), digest_size=4).hexdigest()}{suffix}"


def _start_tls(client: AdminClient) -> None:
    """Let the server accept https; fail the test if it cannot."""
    try:
        client.start_tls()
    except (ValueError, AdminError, OSError) as error:
        reason = describe_error(error)
    else:
        return
    pytest.fail(f"@pytest.mark.session_mock: tls: {reason}", pytrace=False)


def _strictness(value: Any) -> Strictness:
    """Return the strictness of a marker or a setting; True stands for errors."""
    strictness: Strictness = "errors" if value is True else value
    return strictness


def describe_error(error: Exception) -> str:
    """Return in one sentence why the server or the operating system refused something."""
    if isinstance(error, AdminError):
        hint = "; was the server restarted, or the tenant deleted elsewhere?"
        return printable(error.detail + (hint if error.status == HTTPStatus.NOT_FOUND else ""))
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return printable(f"{error}" or type(error).__name__)


def _check_allowed(marker: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that a test's markers allow; fail the test for an unknown one."""
    try:
        return check_names(marker.get("allow", ()))
    except ValueError as error:
        reason = str(error)
    pytest.fail(f"@pytest.mark.session_mock: {reason}", pytrace=False)


def _expand_scenario(marker: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a marker on the base of its scenario; fail the test for an unknown one."""
    from mockserver.server.configuration.scenarios import (  # noqa: PLC0415 -- few tests have one
        merge_settings,
        tenant_arguments,
    )
    from mockserver.server.configuration.toml_files import ConfigError  # noqa: PLC0415 -- as above

    own = dict(marker)
    try:
        return merge_settings(tenant_arguments(own.pop("scenario")), own)
    except ConfigError as error:
        reason = str(error)
    pytest.fail(f"@pytest.mark.session_mock: {reason}", pytrace=False)


def _default_now(arguments: Mapping[str, Any]) -> dict[str, int]:
    """Return a time at which a flowing world has sessions; nothing for an exact world."""
    if arguments["profile"] != "flowing" and "sessions_per_day" not in arguments:
        return {}
    from mockserver.server.configuration.config import TenantConfig  # noqa: PLC0415 -- rare
    from mockserver.server.configuration.tenants import tenant_spec  # noqa: PLC0415 -- rare

    fields = {name: arguments.get(name) for name in WorldSpec.__struct_fields__}
    world = {name: value for name, value in fields.items() if value is not None}
    try:
        spec = tenant_spec(TenantConfig(profile=arguments["profile"], world=world))
    except ValueError:  # Creating the tenant reports it.
        return {}
    return {"now": spec.start + _FLOWING_NOW_MS} if spec.end is None else {}
