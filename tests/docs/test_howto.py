"""The how-tos do what they say: every block of each is run, and what is shown of a run is printed by it."""

import re
from pathlib import Path

import pytest

from tests.docs.running import HOWTO, run

DOCUMENTS = sorted(path.name for path in HOWTO.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "container.md"])
def test_howto_does_what_it_says(name: str, tmp_path: Path) -> None:
    """A reader who follows the document in an empty folder sees what it shows."""
    run((HOWTO / name).read_text(encoding="utf-8"), tmp_path)


def test_index_names_every_howto() -> None:
    """Each document is in the index, and the index names no other."""
    index = (HOWTO / "README.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"\]\(([\w-]+\.md)\)", index)) == DOCUMENTS
