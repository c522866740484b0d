"""`session-mock exec --intercept`: unmodified clients in several languages reach the mock at a vendor's real host."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest
from click.testing import CliRunner, Result

from mockserver import SessionMock
from mockserver.cli.main import cli
from tests.support.requests_to_hosts import HostRequest, requests_to_hosts

NODE: Final = """
const [url, header] = process.argv.slice(2);
const [name, value] = header.split(": ");
console.log((await fetch(url, { headers: { [name]: value } })).status);
"""
GO: Final = """
package main

import ("fmt"; "net/http"; "os"; "strings")

func main() {
    request, _ := http.NewRequest("GET", os.Args[1], nil)
    name, value, _ := strings.Cut(os.Args[2], ": ")
    request.Header.Set(name, value)
    response, err := http.DefaultClient.Do(request)
    if err != nil { fmt.Println(err); os.Exit(1) }
    fmt.Println(response.StatusCode)
}
"""
PHP: Final = """<?php
$client = curl_init($argv[1]);
curl_setopt($client, CURLOPT_RETURNTRANSFER, true);
curl_setopt($client, CURLOPT_HTTPHEADER, [$argv[2]]);
curl_exec($client);
echo curl_getinfo($client, CURLINFO_RESPONSE_CODE), " ", curl_error($client);
"""
PYTHON: Final = {
    "requests": "import requests; print(requests.get(url, headers=headers).status_code)",
    "httpx": "import httpx; print(httpx.get(url, headers=headers).status_code)",
    "httpx, asynchronous": """import asyncio, httpx
async def send():
    async with httpx.AsyncClient() as client:
        print((await client.get(url, headers=headers)).status_code)
asyncio.run(send())""",
    "urllib": """import urllib.request
print(urllib.request.urlopen(urllib.request.Request(url, headers=headers)).status)""",
    "aiohttp": """import asyncio, aiohttp
async def send():
    async with aiohttp.ClientSession(trust_env=True) as session:
        async with session.get(url, headers=headers) as response: print(response.status)
asyncio.run(send())""",
}
PROGRAMS: Final = {"go": ("client.go", GO), "node": ("client.mjs", NODE), "php": ("client.php", PHP)}


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["exec", *words], prog_name="session-mock")


@pytest.fixture(name="sent", scope="module")
def _sent() -> HostRequest:
    """Return a GET request with the credentials of a default tenant."""
    with SessionMock(sessions=5) as mock:
        return next(sent for sent in requests_to_hosts(mock) if sent.method == "GET" and sent.headers)


def find_program(name: str, folder: Path) -> list[str]:
    """Write a client to a folder, and return the command that runs it; skip the test without its language."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    if name == "curl":
        return [path, "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H"]
    file, text = PROGRAMS[name]
    (folder / file).write_text(text, encoding="utf-8")
    if name == "go":
        return [path, "run", str(folder / file)]
    version = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
    if name == "php":
        modules = subprocess.run([path, "-m"], capture_output=True, text=True, check=True).stdout
        if "curl" not in modules.split():
            pytest.skip("this PHP has no curl")
        return ["/bin/sh", "-c", f'exec {path} -d curl.cainfo="$SSL_CERT_FILE" {folder / file} "$@"', path]
    numbers = [int(number) for number in re.findall(r"\d+", version)]
    if numbers < [24] and not [22, 21] <= numbers < [23]:
        pytest.skip("this Node does not read NODE_USE_ENV_PROXY; docs/howto/intercept.md has a way for it")
    return [path, str(folder / file)]


def command_of(client: str, sent: HostRequest, folder: Path) -> list[str]:
    [(name, value)] = sent.headers.items()
    if client in PYTHON:
        prelude = f"url, headers = {sent.url!r}, {sent.headers!r}\n"
        return [sys.executable, "-c", prelude + PYTHON[client]]
    words = [sent.url, f"{name}: {value}"]
    return [*find_program(client, folder), *(reversed(words) if client == "curl" else words)]


@pytest.mark.parametrize("client", [*PYTHON, "curl", *PROGRAMS])
def test_unmodified_client_reaches_mock_at_host(client: str, sent: HostRequest, tmp_path: Path) -> None:
    har = tmp_path / "out.har"
    command = command_of(client, sent, tmp_path)
    output = tmp_path / "output"
    shell = ["/bin/sh", "-c", 'out=$1; shift; exec "$@" > "$out" 2>&1', "sh", str(output), *command]
    result = run("--intercept", "--sessions", "5", "--har", str(har), "--", *shell)
    entries = json.loads(har.read_bytes())["log"]["entries"]

    assert result.exit_code == 0, output.read_text("utf-8")
    assert output.read_text("utf-8").strip() == "200"
    assert [entry["request"]["url"].partition("?")[0] for entry in entries] == [sent.url.partition("?")[0]]


def test_own_host_is_answered_like_those_of_vendors() -> None:
    code = """
import os, urllib.request
host, path, token = "Stats.shop.example", f"/api/sessions/{os.environ['SESSION_MOCK_RYBBIT_SITE']}", "TOKEN"
for scheme in ("http", "https"):
    request = urllib.request.Request(f"{scheme}://{host}{path}", headers={"Authorization": "Bearer " + token})
    assert urllib.request.urlopen(request).status == 200
"""
    words = [sys.executable, "-c", code.replace("TOKEN", "{rybbit.token}")]
    result = run("--intercept", "--answer", "stats.shop.example", "--verify", "--", *words)
    alone = run("--answer", "a.example", "--", "true")

    assert result.exit_code == 0, result.stderr
    assert "2 exchanges" in result.stderr
    assert (alone.exit_code, "--answer needs --intercept or --tls" in alone.stderr) == (2, True)


def test_refused_host_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    code = """
import urllib.request
for host in ("other.example", "other.example", "api.rybbit.io"):
    try:
        urllib.request.urlopen(f"https://{host}/")
    except OSError:
        pass
"""
    run("--intercept", "--", sys.executable, "-c", code)

    assert caplog.text.count("the proxy refused a connection to ") == 1


def test_print_env_has_addresses_of_proxy_and_https() -> None:
    result = run("--intercept", "--tls", "--print-env", "json")
    variables = json.loads(result.stdout)

    assert variables["HTTPS_PROXY"] == variables["SESSION_MOCK_URL"]
    assert variables["SESSION_MOCK_TLS_URL"].startswith("https://127.0.0.1:")
    assert variables["SESSION_MOCK_CA_FILE"] == variables["NODE_EXTRA_CA_CERTS"]


def test_other_hosts_need_pass_and_running_server_needs_proxy() -> None:
    with SessionMock(sessions=3) as mock:
        remote = run("--url", mock.url, "--intercept", "--", "true")
    with SessionMock(sessions=3, proxy=True) as mock:
        code = "import os, sys; sys.exit(os.environ['HTTP_PROXY'] != os.environ['SESSION_MOCK_URL'])"
        proxied = run("--url", mock.url, "--intercept", "--", sys.executable, "-c", code)
    alone = run("--pass", "a.example", "--", "true")

    assert (remote.exit_code, proxied.exit_code, alone.exit_code) == (2, 0, 2)
    assert "is not a proxy; start it with --proxy" in remote.stderr
    assert "--pass needs --intercept" in alone.stderr


def test_unknown_host_is_error_that_command_sees() -> None:
    curl = shutil.which("curl") or pytest.skip("curl is not installed")
    result = run("--intercept", "--", curl, "-s", "-f", "-o", os.devnull, "http://other.example/")

    assert result.exit_code == 22  # The server answered with an error.
