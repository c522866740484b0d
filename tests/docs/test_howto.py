"""Every block of the how-to guides runs and prints the output that the guide shows."""

import re
from pathlib import Path

import pytest

from tests.docs.running import HOWTO, run

DOCUMENTS = sorted(path.name for path in HOWTO.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "container.md"])
def test_howto_runs_as_shown(name: str, tmp_path: Path) -> None:
    run((HOWTO / name).read_text(encoding="utf-8"), tmp_path)


def test_howto_index_lists_every_guide() -> None:
    index = (HOWTO / "README.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"\]\(([\w-]+\.md)\)", index)) == DOCUMENTS
