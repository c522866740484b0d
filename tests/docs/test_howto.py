"""Every block of the how-to guides runs and prints the output that the guide shows."""

import re
import shutil
from pathlib import Path

import pytest

from tests.docs.running import HOWTO, run

DOCUMENTS = sorted(path.name for path in HOWTO.glob("*.md") if path.name != "README.md")
PROGRAMS = {
    "exec.md": ("curl", "node", "go"),
    "github-actions.md": ("curl", "jq"),
    "go-client.md": ("go",),
    "node-client.md": ("node",),
}
"""Programs that a guide needs; without them it is not run."""


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "container.md"])
def test_howto_runs_as_shown(name: str, tmp_path: Path) -> None:
    missing = [program for program in PROGRAMS.get(name, ()) if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    run((HOWTO / name).read_text(encoding="utf-8"), tmp_path)


def test_howto_index_lists_every_guide() -> None:
    index = (HOWTO / "README.md").read_text(encoding="utf-8")

    assert sorted(re.findall(r"\]\(([\w-]+\.md)\)", index)) == DOCUMENTS
