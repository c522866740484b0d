"""The how-to of containers, as far as it goes without docker."""

import sys
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

from tests.docs.running import HOWTO, ROOT, run


def test_container_serves_is_healthy_and_is_used(tmp_path: Path) -> None:
    """The Dockerfile's own command is run as a process, its health check asks it, and pytest uses it."""
    programs, folder = tmp_path / "bin", tmp_path / "project"
    for path in (programs, folder):
        path.mkdir()
    docker = programs / "docker"
    docker.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("docker.py")} "$@"\n', encoding="utf-8"
    )
    docker.chmod(0o755)
    list(WheelBuilder(str(ROOT)).build(directory=str(folder / "dist")))

    run((HOWTO / "container.md").read_text(encoding="utf-8"), folder, programs)
