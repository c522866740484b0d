"""Replacement for docker: it builds nothing and runs the command of a Dockerfile as a process.

``build`` checks the copied files, ``run`` starts CMD, ``exec`` runs the health check, ``rm`` ends the
process.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path

STATE = Path(".docker")


def instructions(name: str) -> list[str]:
    """Return the arguments of every instruction of a name in the Dockerfile."""
    return re.findall(rf"^{name} (.+)$", (STATE / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


def build(folder: str) -> None:
    """Check that the copied files exist and that the last user is not root."""
    STATE.mkdir()
    shutil.copy(Path(folder) / "Dockerfile", STATE)
    for sources in instructions("COPY"):
        pattern = sources.split()[0]
        if not list(Path(folder).glob(pattern)):
            sys.exit(f"nothing to copy: {pattern}")
    if instructions("USER")[-1] == "root":
        sys.exit("USER: the last user is root; use another one")


def run(ports: str, variables: list[str]) -> None:
    """Start CMD as a process, with the exposed and mapped port."""
    outside, inside = ports.split(":")
    words = json.loads(instructions("CMD")[-1])
    if instructions("EXPOSE") != [inside] or words[words.index("--port") + 1] != inside or outside != inside:
        sys.exit("the ports differ")
    environment = {**os.environ, **dict(variable.split("=", 1) for variable in variables)}
    with (STATE / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log, start_new_session=True)
    (STATE / "run").write_text(json.dumps([process.pid, variables]), encoding="utf-8")


def execute(words: list[str]) -> None:
    """Run a command, which must be that of the health check."""
    pid, variables = json.loads((STATE / "run").read_text(encoding="utf-8"))
    os.kill(pid, 0)
    if json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2]) != words:
        sys.exit("the health check is another command")
    # The default URL of the command; the runner of documents replaces port 8080.
    url = f"http://127.0.0.1:{instructions('EXPOSE')[0]}"
    environment = {
        **os.environ,
        "SESSION_MOCK_URL": url,
        **dict(variable.split("=", 1) for variable in variables),
    }
    sys.exit(subprocess.run(words, env=environment, check=False).returncode)


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
    running.add_argument("-p", required=True)
    running.add_argument("-e", action="append", default=[])
    running.add_argument("image")
    commands.add_parser("exec").add_argument("name")
    removing = commands.add_parser("rm")
    removing.add_argument("-f", action="store_true", required=True)
    removing.add_argument("name")
    known, rest = parser.parse_known_args()
    match known.command:
        case "build":
            build(known.folder)
        case "run":
            run(known.p, known.e)
        case "exec":
            execute(rest)
        case "rm":
            os.kill(json.loads((STATE / "run").read_text(encoding="utf-8"))[0], signal.SIGTERM)
            print(known.name)  # noqa: T201 -- as docker does


if __name__ == "__main__":
    main()
