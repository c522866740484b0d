"""The target `make clients`: kits that cannot be installed, and reasons."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from mockserver.conformance.case import OUTCOMES, load_cases
from tests.conformance.kits import KITS, KitError
from tests.conformance.third_party import REASONS, describe


def test_kit_without_its_tool_is_skipped_and_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    skipped: dict[str, str] = {}

    for kit in KITS.values():
        if kit.tool is not None:
            with pytest.raises(KitError) as caught:
                kit.install(tmp_path / kit.name)
            skipped[kit.name] = str(caught.value)

    assert skipped["got"] == "npm was not found"
    assert skipped["retryablehttp"] == "go was not found"
    page = "\n".join(describe({}, {}, skipped))
    assert all(f"| {name} |" in page and f"skipped: {text}" in page for name, text in skipped.items())


def test_reasons_name_known_kits_cases_and_outcomes() -> None:
    for kits, cases, outcome, text in REASONS:
        assert any(fnmatchcase(kit, kits) for kit in KITS), text
        assert any(fnmatchcase(case, cases) for case in load_cases()), text
        assert outcome in OUTCOMES, text
