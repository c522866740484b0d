"""`session-mock admin env` prints variables that programs read, in several formats."""

import json
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from mockserver.vendors import load
from tests.cli.conftest import NAMES, Serve, Shell

FORMATS = ("sh", "dotenv", "github")


def parse(lines: str) -> dict[str, str]:
    """Return the variables of lines that a shell would read."""
    pairs = [line.removeprefix("export ").partition("=") for line in lines.splitlines()]
    return {name: "".join(shlex.split(value)) if value[:1] in "'\"" else value for name, _, value in pairs}


def test_formats_have_same_variables(admin: Shell) -> None:
    variables = admin.json("env")

    assert json.loads(admin("env", "--format", "json")) == variables
    assert [parse(admin("env", "--format", form)) for form in FORMATS] == [variables] * len(FORMATS)
    assert variables["HTTPS_PROXY"] == variables["http_proxy"] == variables["SESSION_MOCK_URL"] == admin.url
    assert "127.0.0.1" in variables["NO_PROXY"].split(",")
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        assert (
            Path(variables[name]).read_bytes().endswith(Path(variables["NODE_EXTRA_CA_CERTS"]).read_bytes())
        )
    vendor, names = next(iter(NAMES.items()))
    assert variables[f"SESSION_MOCK_{vendor.upper()}_SITE"] == names.sites[0][0]


def test_ca_folder_gets_certificates_of_server(admin: Shell, tmp_path: Path) -> None:
    variables = admin.json("env", "--ca-folder", str(tmp_path / "new"))

    assert variables["NODE_EXTRA_CA_CERTS"] == str(tmp_path / "new" / "ca.pem")
    assert (tmp_path / "new" / "ca.pem").read_bytes() == admin.raw("/ca.pem")
    assert admin.raw("/ca.pem") in Path(variables["SSL_CERT_FILE"]).read_bytes()
    (tmp_path / "file").touch()
    assert "--ca-folder" in admin.error("env", "--ca-folder", str(tmp_path / "file" / "below"))


def test_server_without_proxy_is_error_with_remedy(serve: Serve) -> None:
    plain = serve()

    assert plain.error("env") == f"Error: the server at {plain.url} is not a proxy; start it with --proxy\n"


def test_files_on_other_computer_are_error_with_remedy(admin: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "is_file", lambda _: False)

    assert "use --ca-folder" in admin.error("env")


def test_serve_prints_https_and_proxy(serve: Serve) -> None:
    described = json.loads(
        serve("--tls", "--tls-port", "0", "--proxy", "--pass", "a.example").raw("/tenants/default")
    )

    assert described["tls_url"].startswith("https://127.0.0.1:")
    assert described["proxy_url"] == described["url"]
    assert Path(described["ca_file"]).is_file()


@pytest.mark.parametrize("scheme", ["https", "http"])
def test_curl_reaches_mock_at_host_of_vendor(admin: Shell, scheme: str) -> None:
    """The journal shows the host; nothing in the command names the mock."""
    variables = admin.json("env")
    curl = shutil.which("curl") or pytest.skip("curl is not installed")
    name = load()[0].contract.hosts[0]
    done = subprocess.run(
        [curl, "-s", "-w", "%{http_code}", f"{scheme}://{name}/no/such"],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stdout.endswith("404"), done.stderr
    assert name in admin("journal", "export", "--unmatched")
