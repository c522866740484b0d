"""The server of a test run, and the tenants of its tests."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import json

from mockserver._util.printable import printable
from mockserver.admin_schemas import TenantAccess
from mockserver.client import AdminClient, AdminError
from mockserver.embedded import SessionMock
from mockserver.embedded.controls import settled
from mockserver.embedded.tenant import TenantHandle, create_from_arguments
from mockserver.pytest_plugin.checked_tenant import CheckedTenant, Violation, checked_names
from mockserver.pytest_plugin.marker import merged, seed_of, tenant_name
from mockserver.pytest_plugin.report import section
from mockserver.pytest_plugin.settings import SETTINGS
from mockserver.server.tenancy.watchdog import BOUNDS
from mockserver.world.model.spec import WorldSpec

_FLOWING_MS: Final = 30 * 86_400_000
"""How long after its start a world without end is looked at, where nobody says when."""
_CONFLICT: Final = 409
_ATTEMPTS: Final = 100
"""Names that are tried where another run uses the same server."""
_OWN: Final = ("strict", "allow")
_BOUNDS: Final = ("stall_timeout", "loop_limit")
_LONGEST: Final = 100
_JOURNAL: Final = next(setting for setting in SETTINGS if setting.name == "journal")


class Run:
    """A server, and what was seen of the requests that were no tenant's."""

    def __init__(self, mock: SessionMock, settings: Mapping[str, Any]) -> None:
        self.mock, self.settings = mock, settings
        self.late: Counter[str] = Counter()
        """How many requests came for each test that had finished."""
        self._seen = 0
        self._attempts: Counter[str] = Counter()

    def strays(self, unmatched: int) -> list[dict[str, Any]]:
        """The exchanges that were no tenant's since the last call; late ones are counted for their tests instead."""
        if not self.mock.own or unmatched == self._seen:
            return []
        found = [
            json.decode(line)
            for line in self.mock.admin.export("ndjson", None, after=self._seen).splitlines()
        ]
        self._seen = max([self._seen, *(each["number"] for each in found)])
        self.late.update(each["deleted_tenant"] for each in found if each["deleted_tenant"] is not None)
        return [each for each in found if each["deleted_tenant"] is None]

    def collect(self) -> None:
        """Count the late requests that came after the last test; a server that a test stopped has none."""
        with suppress(RuntimeError, AdminError):
            self.strays(-1)

    @contextmanager
    def watched(self, item: pytest.Item) -> Iterator["TenantUnderTest"]:
        """Create the tenant of a test, and delete it at the end."""
        asked = merged(item)
        made: dict[str, Any] = {
            "profile": self.settings["profile"],
            "seed": seed_of(self.settings["seed"], item.nodeid),
        }
        made |= {"dialect": self.settings["dialect"]} if self.settings["dialect"] else {}
        made |= {name: self.settings[name] for name in _BOUNDS}
        made |= {name: value for name, value in asked.items() if name not in _OWN}
        made = settled(made)
        if "now" not in made:
            made |= _late_enough(made)
        allowed = _allowed(asked)
        tenant = CheckedTenant(self._admin(), self._minted(item.nodeid, made), made, allowed)
        watched = TenantUnderTest(self, tenant, item, strict=asked.get("strict", self.settings["strict"]))
        try:
            yield watched
        finally:
            self._finish(watched, item.nodeid)

    def _admin(self) -> AdminClient:
        """Return the admin client of the server, or fail the test if the server was stopped."""
        try:
            return self.mock.admin
        except RuntimeError as error:
            told = explain(error)
        pytest.fail(f"no tenant for this test: {told}", pytrace=False)

    def _minted(self, nodeid: str, made: Mapping[str, Any]) -> TenantAccess:
        """Create under a name that no other test has; another run may use the same server."""
        for _ in range(_ATTEMPTS):
            self._attempts[nodeid] += 1
            try:
                return create_from_arguments(
                    self.mock.admin, tenant_name(nodeid, self._attempts[nodeid]), made
                )
            except AdminError as error:
                told = error.detail
                if error.status != _CONFLICT or self.mock.own:
                    break
        pytest.fail(f"no tenant for this test: {told}", pytrace=False)

    def _finish(self, watched: "TenantUnderTest", nodeid: str) -> None:
        """Write the journal of a test and delete its tenant; fail the test if that is impossible and was not reported yet."""
        if watched.tenant.deleted or watched.lost:
            return
        told = [self._keep(watched.tenant, nodeid)]
        try:
            TenantHandle.delete(watched.tenant)  # Nobody asks any more how to have its world again.
        except Exception as error:  # noqa: BLE001 -- an error of the teardown must stay a sentence
            told.append(
                None
                if watched.ended
                else f"session-mock cannot delete the tenant of this test: {explain(error)}"
            )
        failures = [each for each in told if each]
        if failures:
            pytest.fail("\n".join(failures), pytrace=False)

    def _keep(self, tenant: CheckedTenant, nodeid: str) -> str | None:
        """Write the journal of a test, if a setting asks for it; return why that is impossible."""
        folder: Path | None = self.settings["journal"]
        if folder is None:
            return None
        name = (
            re.sub(r"[^\w.-]+", "-", nodeid)[:_LONGEST]
            + "-"
            + blake2b(nodeid.encode(), digest_size=4).hexdigest()
        )
        path = folder / f"{name}.har"
        try:
            har = json.encode(tenant.journal.har())
            folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(har)
        except OSError as error:
            remedy = f"{_JOURNAL.option} or {_JOURNAL.variable} names another directory"
            return f"session-mock cannot write the journal of this test to {path}: {explain(error)}; {remedy}"
        except Exception as error:  # noqa: BLE001 -- an error of the teardown must stay a sentence
            return f"session-mock cannot write the journal of this test: {explain(error)}"
        return None


class TenantUnderTest:
    """A test's tenant, and what is said of it."""

    def __init__(self, run: Run, tenant: CheckedTenant, item: pytest.Item, *, strict: bool) -> None:
        self.tenant = tenant
        self.ended = False
        """Whether the test has failed or was skipped, so that it fails for nothing more."""
        self.lost = False
        """Whether a report says that the tenant or its server cannot be asked any more."""
        self._run, self._item, self._strict = run, item, strict
        self._strays: list[dict[str, Any]] = []
        self._tell(seed=tenant.seed, profile=tenant.made["profile"])

    def verify(self) -> None:
        """Fail the test for what it did not allow; what was told once is not told again."""
        if self.tenant.deleted or self.lost:  # Nobody knows any more what was.
            return
        try:
            told = self._judged()
        except Exception as error:  # noqa: BLE001 -- the failure of a test must stay a sentence
            if self.ended:
                return
            self.lost = True
            message = f"session-mock cannot judge this test: {explain(error)}"
        else:
            # The client of a test would have run for ever: that is no mere finding.
            stopped = any(each.name in BOUNDS for each in told)
            if not told or self.ended or not (self._strict or stopped):
                return
            names = ", ".join(dict.fromkeys(repr(each.name) for each in told))
            lines = "\n".join(each.text for each in told)
            message = f"{lines}\nThe test did not allow it; session_mock.allow({names}) does."
        pytest.fail(printable(message), pytrace=False)

    def _judged(self) -> list[Violation]:
        """Ask the server what is wrong with the test that was not told yet."""
        verification = self.tenant.verify()
        strays = self._run.strays(verification.unmatched)
        self._strays += strays
        self._tell(digest=verification.digest)
        return self.tenant.complaints(verification, strays)

    def _tell(self, **properties: object) -> None:
        """Set properties of the test for JUnit and others; another attempt's give way."""
        told = self._item.user_properties
        for name, value in properties.items():
            told[:] = [each for each in told if each[0] != f"session_mock_{name}"]
            told.append((f"session_mock_{name}", value))

    def section(self) -> str:
        """Describe the tenant for the report of a failure; if that fails, say in a sentence why."""
        try:
            return printable(self._section())
        except Exception as error:  # noqa: BLE001 -- an exception here would end the whole run
            self.lost = True
            return f"session-mock has no report of this test: {explain(error)}"

    def _section(self) -> str:
        if self.tenant.deleted:
            return f"the test deleted its tenant itself\nthe same world: {self.tenant.same_world()}"
        verification = self.tenant.verify()
        self._strays += self._run.strays(verification.unmatched)
        stopped = [
            f"{found.name}: {found.message}" for found in verification.findings if found.name in BOUNDS
        ]
        return "\n".join([*stopped, section(self.tenant, self._strays)])


def explain(error: Exception) -> str:
    """Say in a sentence why the server or the system refused something."""
    if isinstance(error, AdminError):
        gone = (
            "; was the server restarted, or the tenant deleted elsewhere?"
            if error.status == HTTPStatus.NOT_FOUND
            else ""
        )
        return printable(error.detail + gone)
    if isinstance(error, OSError) and error.strerror:
        return printable(error.strerror)
    return printable(f"{error}" or type(error).__name__)


def _allowed(asked: Mapping[str, Any]) -> tuple[str, ...]:
    """What the markers allow."""
    try:
        return checked_names(asked.get("allow", ()))
    except ValueError as error:
        told = str(error)
    pytest.fail(f"@pytest.mark.session_mock(allow=…): {told}", pytrace=False)


def _late_enough(made: Mapping[str, Any]) -> dict[str, int]:
    """An instant at which there is something to be seen in a world without end, so that its clock can stand as well."""
    if made["profile"] != "flowing" and "sessions_per_day" not in made:
        return {}
    from mockserver.server.tenancy.config import TenantConfig, tenant_spec  # noqa: PLC0415 -- few worlds have no end

    world = {
        name: value
        for name, value in made.items()
        if name in WorldSpec.__struct_fields__ and value is not None
    }
    try:
        spec = tenant_spec(TenantConfig(profile=made["profile"], world=world))
    except ValueError:  # Whoever creates it says what is wrong.
        return {}
    return {"now": spec.start + _FLOWING_MS} if spec.end is None else {}
