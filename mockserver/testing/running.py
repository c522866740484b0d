"""The server of a test run, and the tenants of its tests."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec import json

from mockserver._util.printable import printable
from mockserver.client import AdminError
from mockserver.library import SessionMock
from mockserver.library.parts import settled
from mockserver.library.tenant import TenantHandle, minted
from mockserver.steering import TenantAccess
from mockserver.testing.checked import CheckedTenant, checked_names
from mockserver.testing.marker import merged, seed_of, tenant_name
from mockserver.testing.report import section
from mockserver.world.model.spec import WorldSpec

_FLOWING_MS: Final = 30 * 86_400_000
"""How long after its start a world without end is looked at, where nobody says when."""
_CONFLICT: Final = 409
_ATTEMPTS: Final = 100
"""Names that are tried where another run uses the same server."""
_OWN: Final = ("strict", "allow")
_LONGEST: Final = 100


class Run:
    """A server, and what was seen of the requests that were no tenant's."""

    def __init__(self, mock: SessionMock, settings: Mapping[str, Any]) -> None:
        self.mock, self.settings = mock, settings
        self.late: Counter[str] = Counter()
        """How many requests came for each test that had finished."""
        self._seen = 0
        self._attempts: Counter[str] = Counter()

    def strays(self, unclaimed: int) -> list[dict[str, Any]]:
        """The exchanges that were no tenant's since the last call; late ones are counted for their tests instead."""
        if not self.mock.own or unclaimed == self._seen:
            return []
        found = [json.decode(line) for line in self.mock.admin.export("ndjson", None, after=self._seen).splitlines()]
        self._seen = max([self._seen, *(each["number"] for each in found)])
        self.late.update(each["dropped"] for each in found if each["dropped"] is not None)
        return [each for each in found if each["dropped"] is None]

    def collect(self) -> None:
        """Count the late requests that came after the last test."""
        self.strays(-1)

    @contextmanager
    def watched(self, item: pytest.Item) -> Iterator["Watched"]:
        """Mint the tenant of a test, and drop it at the end."""
        asked = merged(item)
        made: dict[str, Any] = {"profile": self.settings["profile"], "seed": seed_of(self.settings["seed"], item.nodeid)}
        made |= {"dialect": self.settings["dialect"]} if self.settings["dialect"] else {}
        made |= {name: value for name, value in asked.items() if name not in _OWN}
        made = settled(made)
        if "now" not in made:
            made |= _late_enough(made)
        allowed = _allowed(asked)
        tenant = CheckedTenant(self.mock.admin, self._minted(item.nodeid, made), made, allowed)
        try:
            yield Watched(self, tenant, item, strict=asked.get("strict", self.settings["strict"]))
        finally:
            if not tenant.dropped:
                self._keep(tenant, item.nodeid)
                TenantHandle.drop(tenant)  # Nobody asks any more how to have its world again.

    def _minted(self, nodeid: str, made: Mapping[str, Any]) -> TenantAccess:
        """Mint under a name that no other test has; another run may use the same server."""
        for _ in range(_ATTEMPTS):
            self._attempts[nodeid] += 1
            try:
                return minted(self.mock.admin, tenant_name(nodeid, self._attempts[nodeid]), made)
            except AdminError as error:
                told = error.detail
                if error.status != _CONFLICT or self.mock.own:
                    break
        pytest.fail(f"no tenant for this test: {told}", pytrace=False)

    def _keep(self, tenant: CheckedTenant, nodeid: str) -> None:
        """Write a test's journal, where somebody wants it."""
        folder: Path | None = self.settings["journal"]
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"[^\w.-]+", "-", nodeid)[:_LONGEST] + "-" + blake2b(nodeid.encode(), digest_size=4).hexdigest()
            (folder / f"{name}.har").write_bytes(json.encode(tenant.journal.har()))


class Watched:
    """A test's tenant, and what is said of it."""

    def __init__(self, run: Run, tenant: CheckedTenant, item: pytest.Item, *, strict: bool) -> None:
        self.tenant, self.ended = tenant, False
        self._run, self._item, self._strict = run, item, strict
        self._strays: list[dict[str, Any]] = []
        self._tell(seed=tenant.seed, profile=tenant.made["profile"])

    def verify(self) -> None:
        """Fail the test for what it did not allow; what was told once is not told again."""
        if self.tenant.dropped:  # Nobody knows any more what was.
            return
        verdict = self.tenant.verdict()
        strays = self._run.strays(verdict.unclaimed)
        self._strays += strays
        told = self.tenant.complaints(verdict, strays)
        self._tell(digest=verdict.digest)
        if told and self._strict and not self.ended:
            names = ", ".join(dict.fromkeys(repr(each.name) for each in told))
            lines = printable("\n".join(each.text for each in told))
            pytest.fail(f"{lines}\nThe test did not allow it; session_mock.allow({names}) does.", pytrace=False)

    def _tell(self, **properties: object) -> None:
        """Set properties of the test for JUnit and others; another attempt's give way."""
        told = self._item.user_properties
        for name, value in properties.items():
            told[:] = [each for each in told if each[0] != f"session_mock_{name}"]
            told.append((f"session_mock_{name}", value))

    def section(self) -> str:
        """What the report of a failure tells."""
        if self.tenant.dropped:
            return f"the test dropped its tenant itself\nthe same world: {self.tenant.same_world()}"
        self._strays += self._run.strays(self.tenant.verdict().unclaimed)
        return section(self.tenant, self._strays)


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
    from mockserver.server.config import TenantConfig, tenant_spec  # noqa: PLC0415 -- few worlds have no end

    world = {name: value for name, value in made.items() if name in WorldSpec.__struct_fields__ and value is not None}
    try:
        spec = tenant_spec(TenantConfig(profile=made["profile"], world=world))
    except ValueError:  # Whoever mints it says what is wrong.
        return {}
    return {"now": spec.start + _FLOWING_MS} if spec.end is None else {}
