"""The how-to guide about containers, as far as it can be run without docker."""

import sys
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.docs.running import HOWTO, ROOT, run


def test_container_howto_runs_with_process_instead_of_container(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    folder = tmp_path / "project"
    for path in (programs, folder):
        path.mkdir()
    docker = programs / "docker"
    docker.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("docker.py")} "$@"\n', encoding="utf-8"
    )
    docker.chmod(0o755)
    list(WheelBuilder(str(ROOT)).build(directory=str(folder / "dist")))

    run((HOWTO / "container.md").read_text(encoding="utf-8"), folder, programs)
