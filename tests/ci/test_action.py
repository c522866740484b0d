"""The action for GitHub: its scripts run with bash, as in the how-to guide."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ci.steps import Action, install, read_guide, read_template, run_script

OWN = "OWNER/session-mock@REF"
needs_programs = pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="needs bash, curl and jq"
)


@pytest.fixture(name="action")
def _action(tmp_path: Path) -> Action:
    action = Action(tmp_path)
    install(action.temporary / "session-mock")
    return action


def read_steps(action: Action) -> list[dict[str, Any]]:
    """Return the inputs of the steps with the action in the workflow of the guide."""
    files = read_guide("github-actions.md", action.workspace)
    (job,) = yaml.safe_load(files[".github/workflows/client.yml"])["jobs"].values()
    return [step["with"] for step in job["steps"] if step.get("uses") == OWN]


@needs_programs
def test_workflow_of_guide_passes_and_writes_reports(action: Action) -> None:
    collect, check = read_steps(action)

    for inputs, title in ((collect, "## Passed: `bash"), (check, "rybbit/list_sessions")):
        code, outputs = action.run(**inputs)
        assert (code, outputs["exit-code"]) == (0, "0"), action.printed
        assert Path(outputs["reports"]) == action.workspace / inputs["reports"]
        written = {path.name for path in Path(outputs["reports"]).iterdir()}
        assert {"result.xml", "result.html", "summary.md"} <= written
        assert ("requests.har" in written) == ("target" not in inputs)
        assert title in Path(outputs["summary"]).read_text(encoding="utf-8")
        assert title in action.summary.read_text(encoding="utf-8")


@needs_programs
def test_unexpected_verdict_fails_with_annotation(action: Action) -> None:
    _, check = read_steps(action)

    first_rows = check["run"] + " | head -n 3"
    code, outputs = action.run(
        **{**check, "run": first_rows, "args": "--case paging/one-more --rows stdout", "dialect": "observed"}
    )

    assert (code, outputs["exit-code"]) == (1, "1")
    assert "::error" in action.printed
    assert "paging/one-more" in action.summary.read_text(encoding="utf-8")


def test_text_of_inputs_is_quoted_and_exit_code_of_client_is_kept(action: Action) -> None:
    """Quotes and expressions of an input reach the client as they are, but do not become part of a script."""
    fault = """--fault '{"kind": "status", "status": 503}' --env "NOTE=a 'b' $HOME" """

    code, outputs = action.run(
        run='test "$NOTE" = "a \'b\' $HOME"\nexit 7', args=fault, scenario="short-outage"
    )

    assert (code, outputs["exit-code"]) == (7, "7"), action.printed


def test_scenario_with_target_is_refused(action: Action) -> None:
    code, outputs = action.run(run="true", target="rybbit/list_sessions", scenario="short-outage")

    assert (code, outputs) == (2, {})
    assert "::error::scenario" in action.printed


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_scripts_have_no_known_mistakes(action: Action, tmp_path: Path) -> None:
    (job,) = read_template({"run": "true"}).values()
    scripts = [("bash", step["run"]) for step in action.definition["runs"]["steps"]]
    scripts.append(("sh", "\n".join(job["before_script"] + job["script"])))

    for shell, script in scripts:
        (tmp_path / "script").write_text(script, encoding="utf-8")
        # SC2154: the variables are set by the runner.
        checked = run_script("script", tmp_path, {}, ("shellcheck", "-s", shell, "-e", "SC2154"))
        assert checked.returncode == 0, checked.stdout


def test_action_installs_its_own_version_once(tmp_path: Path) -> None:
    action = Action(tmp_path)
    python = tmp_path / "python"
    log = tmp_path / "log"
    # Instead of an environment, it creates the command, and a Python that records its arguments.
    python.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\nif [ "$2" = venv ]; then mkdir -p "$3/bin" && cp "$0" "$3/bin/python"\n'
        'else printf "#!/bin/sh\\nexit 3" > "${0%python}session-mock"; chmod +x "${0%python}session-mock"; fi\n',
        encoding="utf-8",
    )
    python.chmod(0o755)

    codes = [action.run(run="true", python=str(python))[0] for _ in range(2)]

    assert codes == [3, 3], action.printed
    environment = action.temporary / "session-mock"
    root = Path(__file__).parents[2]
    assert log.read_text(encoding="utf-8").splitlines() == [
        f"-m venv {environment}",
        f"-m pip install --quiet --disable-pip-version-check {root}",
    ]
