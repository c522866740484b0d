"""The files for containers and their how-to guide, as far as they can be run without docker."""

import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.docker import read_instructions, stages
from tests.docs.running import HOWTO, ROOT, run

IMAGE_SETS = {"SESSION_MOCK_HOST", "SESSION_MOCK_PORT"}


def read_service() -> dict[str, Any]:
    """Return the only service of compose.yaml."""
    (service,) = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"].values()
    assert isinstance(service, dict)
    return service


def read_image() -> dict[str, str]:
    """Return the last argument of each instruction of the last stage of the Dockerfile."""
    return dict(stages(read_instructions((ROOT / "Dockerfile").read_text(encoding="utf-8")))[-1])


@pytest.mark.skipif(sys.platform != "linux", reason="needs bash and Linux")
def test_container_howto_runs_with_process_instead_of_container(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    folder = tmp_path / "project"
    checkout = folder / "session-mock"
    for path in (programs, folder, checkout):
        path.mkdir()
    docker = programs / "docker"
    docker.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("docker.py")} "$@"\n', encoding="utf-8"
    )
    docker.chmod(0o755)
    for name in ("Dockerfile", ".dockerignore", "LICENSE", "README.md", "pyproject.toml"):
        shutil.copy(ROOT / name, checkout)
    (checkout / "mockserver").symlink_to(ROOT / "mockserver")
    (checkout / "secret").write_text("not part of the image", encoding="utf-8")

    run((HOWTO / "container.md").read_text(encoding="utf-8"), folder, programs)

    assert sorted(path.name for path in (folder / ".docker" / "context").iterdir()) == [
        "LICENSE",
        "README.md",
        "mockserver",
        "pyproject.toml",
    ]
    assert not list((folder / ".docker" / "context").rglob("__pycache__"))


def test_compose_passes_on_every_setting_of_the_server() -> None:
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    server = set(re.findall(r"^\| `(SESSION_MOCK_\w+)` \| `--", settings, re.MULTILINE))
    environment = read_service()["environment"]

    assert set(environment) == server - IMAGE_SETS
    assert {name for name, value in environment.items() if value is not None} == {"SESSION_MOCK_ADMIN_TOKEN"}


def test_compose_runs_read_only_with_health_check_of_image() -> None:
    service = read_service()
    check = service["healthcheck"]["test"]

    assert (service["read_only"], service["tmpfs"], service["cap_drop"]) == (True, "/tmp", ["ALL"])  # noqa: S108 -- in the container
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert check[0] == "CMD"
    assert yaml.safe_load(read_image()["HEALTHCHECK"].partition("CMD ")[2]) == check[1:]


def test_image_is_configured_by_variables_only() -> None:
    image = read_image()

    assert (image["ENTRYPOINT"], image["CMD"]) == ('["session-mock"]', '["serve"]')
    assert set(re.findall(r"SESSION_MOCK_\w+(?==)", image["ENV"])) >= IMAGE_SETS
    assert image["USER"].split(":")[0].isdecimal()
