"""Replacement for docker: it carries out the Dockerfile in folders, and runs containers as processes.

``build`` copies the context without what ``.dockerignore`` excludes, and runs the steps; pip installs without
dependencies, which are those of this environment. ``run`` starts the entry point as user 65532 with a
read-only file system if the machine allows it. ``inspect`` runs the health check, ``exec`` a command,
``rm`` ends the process.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

STATE = Path(".docker").absolute()
OPT = STATE / "opt"
"""Stands for /opt in the image, in which everything is installed."""
USER = "65532"
TEMPORARY = STATE / "tmp"
SANDBOX = (
    f"mount -t tmpfs tmpfs {TEMPORARY}; mount -o remount,bind,ro /; cd {TEMPORARY}; "
    f'exec unshare --user --map-user={USER} --map-group={USER} "$@"'
)
"""Runs a command as a user without rights, and with a read-only file system besides TMPDIR."""


def read_instructions(text: str) -> list[tuple[str, str]]:
    """Return name and arguments of every instruction of a Dockerfile."""
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", "").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line.strip())
    return [(name, arguments.replace("/opt/", f"{OPT}/")) for name, arguments in pairs]


def stages(instructions: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return the instructions of each stage, without those before the first."""
    found: list[list[tuple[str, str]]] = []
    for name, arguments in instructions:
        if name == "FROM":
            found.append([])
        if found:
            found[-1].append((name, arguments))
    return found


def is_ignored(path: str, patterns: Sequence[str]) -> bool:
    """Return True if the last matching pattern of a .dockerignore excludes a path, or a folder of it."""
    ignored = False
    for pattern in patterns:
        bare = pattern.removeprefix("!").removeprefix("**/")
        parts = Path(path).parts if pattern.startswith("**/") else Path(path).parts[:1]
        if any(fnmatch(part, bare) for part in parts):
            ignored = not pattern.startswith("!")
    return ignored


def copy_context(folder: Path, context: Path) -> None:
    """Copy the files that a build may use."""
    lines = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]

    def ignore(directory: str, names: list[str]) -> list[str]:
        inside = Path(directory).relative_to(folder)
        return [name for name in names if is_ignored((inside / name).as_posix(), patterns)]

    shutil.copytree(folder, context, ignore=ignore)


def build(options: Namespace) -> None:
    """Carry out the Dockerfile of a folder."""
    STATE.mkdir()
    TEMPORARY.mkdir()
    copy_context(Path(options.folder).resolve(), STATE / "context")
    found = stages(read_instructions((Path(options.folder) / "Dockerfile").read_text(encoding="utf-8")))
    source = STATE / "source"
    source.mkdir()
    for name, arguments in found[0]:
        if name == "COPY":
            *paths, target = arguments.split()
            for path in paths:
                copy(STATE / "context" / path, source / target)
        elif name == "RUN":
            subprocess.run(["/bin/sh", "-ec", arguments], cwd=source, env=variables({}), check=True)
    image: dict[str, Any] = {"env": {}}
    for name, arguments in found[-1]:
        if name == "ENV":
            image["env"] |= dict(pair.split("=", 1) for pair in shlex.split(arguments))
        elif name == "HEALTHCHECK":
            image[name] = json.loads(arguments.partition("CMD ")[2])
        elif name in {"ENTRYPOINT", "CMD"}:
            image[name] = json.loads(arguments)
        else:
            image[name] = arguments
    if image["USER"] != f"{USER}:{USER}" or image["EXPOSE"] != image["env"]["SESSION_MOCK_PORT"]:
        sys.exit(f"unexpected user or port: {image}")
    image["env"]["PATH"] = image["env"]["PATH"].replace("$PATH", os.environ["PATH"])
    (STATE / "image").write_text(json.dumps(image), encoding="utf-8")


def copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copy(path, target)


def variables(own: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a step or a container, in which dependencies are those of this environment."""
    pip = {"PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "false", "PIP_NO_COMPILE": "1", "PIP_QUIET": "1"}
    packages = {"PYTHONPATH": sysconfig.get_path("purelib"), "TMPDIR": str(TEMPORARY)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SESSION_MOCK_")}
    return {**kept, **pip, **packages, **own}


def read_container() -> dict[str, Any]:
    container: dict[str, Any] = json.loads((STATE / "container").read_text(encoding="utf-8"))
    return container


def can_restrict() -> bool:
    """Return True if the machine has the namespaces that SANDBOX needs."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    words = [unshare, "-rm", unshare, "--user", f"--map-user={USER}", "true"]
    return subprocess.run(words, check=False, capture_output=True).returncode == 0


def run(options: Namespace) -> None:
    """Start the entry point with the default arguments, as a process with the mapped port."""
    image = json.loads((STATE / "image").read_text(encoding="utf-8"))
    outside, inside = options.p.split(":")
    if outside != inside or not options.read_only or options.tmpfs != "/tmp":  # noqa: S108 -- in the container
        sys.exit(f"unexpected options: {options}")
    own = {**image["env"], **dict(each.split("=", 1) for each in options.e), "SESSION_MOCK_PORT": inside}
    words = [*image["ENTRYPOINT"], *(options.words or image["CMD"])]
    if can_restrict():
        words = ["unshare", "-rm", "sh", "-ec", SANDBOX, "sh", *words]
    with (STATE / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(words, env=variables(own), stdout=log, stderr=log)
    container = {"pid": process.pid, "env": own, "HEALTHCHECK": image["HEALTHCHECK"]}
    (STATE / "container").write_text(json.dumps(container), encoding="utf-8")


def execute(words: Sequence[str]) -> int:
    """Run a command in the container, and return its exit code."""
    container = read_container()
    url = f"http://127.0.0.1:{container['env']['SESSION_MOCK_PORT']}"
    own = {**container["env"], "SESSION_MOCK_URL": url}
    return subprocess.run(words, env=variables(own), check=False).returncode


def inspect() -> str:
    """Return the state of the health check."""
    container = read_container()
    try:
        os.kill(container["pid"], 0)
    except ProcessLookupError:
        sys.exit((STATE / "log").read_text(encoding="utf-8"))
    command = container["HEALTHCHECK"]
    finished = subprocess.run(command, env=variables(container["env"]), check=False, capture_output=True)
    return "healthy" if finished.returncode == 0 else "starting"


def main() -> None:
    """Run the command line as docker would."""
    parser = ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build")
    building.add_argument("-t", required=True)
    building.add_argument("folder")
    running = commands.add_parser("run")
    running.add_argument("-d", action="store_true", required=True)
    running.add_argument("--name", required=True)
    running.add_argument("--read-only", action="store_true")
    running.add_argument("--tmpfs")
    running.add_argument("-p", required=True)
    running.add_argument("-e", action="append", default=[])
    running.add_argument("image")
    running.add_argument("words", nargs="*")
    inspecting = commands.add_parser("inspect")
    inspecting.add_argument("--format", choices=["{{.State.Health.Status}}"], required=True)
    inspecting.add_argument("name")
    commands.add_parser("exec").add_argument("name")
    removing = commands.add_parser("rm")
    removing.add_argument("-f", action="store_true", required=True)
    removing.add_argument("name")
    known, rest = parser.parse_known_args()
    match known.command:
        case "build":
            build(known)
        case "run":
            run(known)
        case "exec":
            sys.exit(execute(rest))
        case "inspect":
            print(inspect())  # noqa: T201 -- as docker does
        case "rm":
            os.kill(read_container()["pid"], signal.SIGTERM)
            print(known.name)  # noqa: T201 -- as above


if __name__ == "__main__":
    main()
