"""The command ``session-mock exec``."""

import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import click
from msgspec import Struct

from mockserver._util import parsers
from mockserver._util.parsers import Strictness
from mockserver.cli.exec.reports import check_requests, check_rows, write_reports
from mockserver.cli.options import build_config, world_options
from mockserver.cli.output import echo
from mockserver.cli.params import (
    PORT,
    TOKEN,
    URL,
    OneOf,
    ParsedText,
    columns_option,
    combine_options,
    format_examples,
    order_option,
    repeated_hosts,
    repeated_pairs,
)
from mockserver.client import AdminClient, AdminError
from mockserver.client.proxy_variables import ProxyError, proxy_variables
from mockserver.embedded.tenant import TenantHandle
from mockserver.harness.child import ChildResult, run_child
from mockserver.harness.environment import Addresses, PlaceholderError, format_variables
from mockserver.harness.outcome import Check
from mockserver.harness.signals import SIGNAL_BASE, EndedBySignal, ended_by_signals
from mockserver.harness.tenant import borrow_tenant, serve_tenant
from mockserver.server.configuration.config import Config, ConfigError
from mockserver.vendors import NAMES

HARNESS_FAILED: Final = 125
"""Exit code if session-mock itself failed, as of `timeout` and `docker run`."""
TIMED_OUT: Final = 124
"""Exit code if the command had to be ended, as of `timeout`."""
VERIFICATION_FAILED: Final = 1
_NO_SERVER: Final = (
    "no server runs at these addresses when this command has ended; start one with the same options and"
    " --port, or print those of a running one with --url and --tenant"
)
"""Warning about --print-env without --url."""
_VARIABLE: Final = "NAME=TEXT"
_FORMS: Final = ("sh", "dotenv", "json", "github")


class _Server(Struct, frozen=True):
    """Where the tenant of the command is."""

    url: str | None
    token: str | None
    tenant: str | None
    port: int

    def open_tenant(self, config: Config) -> AbstractContextManager[tuple[AdminClient, TenantHandle]]:
        if self.url is None:
            return serve_tenant(config, self.port)
        return borrow_tenant(self.url, self.token, config, self.tenant)


class _Checks(Struct, frozen=True):
    """The checks after the command, and the files of their reports."""

    verify: bool
    strict: Strictness
    rows: Mapping[tuple[str, str], Path]
    columns: Mapping[str, str]
    order: Literal["same", "any"]
    files: Mapping[str, str]
    """By the name of the option: junit, html, har and summary."""

    def run(
        self,
        command: tuple[str, ...],
        result: ChildResult,
        client: AdminClient,
        tenant: TenantHandle,
        *,
        is_own: bool,
    ) -> bool:
        """Check requests and rows, print complaints, write reports; return True if nothing is wrong.

        *is_own* if the server has no other clients than the command.
        """
        checks = []
        if self.verify:
            checks.append(check_requests(client, tenant.id, self.strict, is_own=is_own))
        for pair, path in self.rows.items():
            checks.append(check_rows(client, tenant.id, pair, path, self.order, self.columns))
        for check in checks:
            if check.text:
                state = "passed" if check.passed else "failed"
                echo(f"session-mock: {check.name} {state}\n{check.text}", err=True)
        own = Check(name="command", passed=_code(result) == 0, text=_describe(result))
        write_reports(self.files, client, tenant.id, command, [own, *checks], result)
        return all(check.passed for check in checks)


def _parse_endpoint(text: str) -> tuple[str, str]:
    """Parse VENDOR/ENDPOINT of an endpoint with rows; raise ``ValueError`` for another one."""
    from mockserver._util.suggest import suggest  # noqa: PLC0415 -- one option needs it
    from mockserver.vendors import get_vendor  # noqa: PLC0415 -- as above

    vendor, slash, name = text.partition("/")
    if not slash:
        raise ValueError(f"invalid value {text!r}; write VENDOR/ENDPOINT=FILE")
    if vendor not in NAMES:
        raise ValueError(f"unknown vendor {vendor!r}; {suggest(vendor, NAMES)}")
    endpoints = [each.name for each in get_vendor(vendor).contract.endpoints if each.rows_path is not None]
    if name not in endpoints:
        raise ValueError(f"{vendor}: no endpoint {name!r} that returns rows; {suggest(name, endpoints)}")
    return vendor, name


def _parse_row_files(
    context: click.Context, param: click.Parameter, pairs: tuple[tuple[str, str], ...]
) -> dict[tuple[str, str], Path]:
    try:
        return {_parse_endpoint(name): Path(file) for name, file in pairs}
    except ValueError as error:
        raise click.BadParameter(str(error), context, param) from None


_client_options = combine_options(
    click.option(
        "--env",
        "variables",
        **repeated_pairs(_VARIABLE),
        help="Set a variable of the command; TEXT may have placeholders such as {rybbit.url},"
        " {rybbit.token} or {rybbit.site}; repeatable.",
    ),
    click.option(
        "--env-file",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the variables to a file of NAME=VALUE lines before the command starts.",
    ),
    click.option(
        "--print-env",
        type=OneOf(_FORMS),
        help="Print the variables instead of running a command: as commands of a shell, as lines for dotenv"
        " or for $GITHUB_ENV, or as JSON.",
    ),
    click.option(
        "--timeout",
        type=ParsedText("seconds", parsers.parse_seconds),
        help="Seconds of real time after which the command is ended; the exit code is then 124.",
    ),
)
_network_options = combine_options(
    click.option(
        "--tls",
        is_flag=True,
        default=None,
        help="Serve https in addition: SESSION_MOCK_TLS_URL, with the certificate authority in the file"
        " SESSION_MOCK_CA_FILE; needs `session-mock[tls]`.",
    ),
    click.option(
        "--intercept",
        "proxy",
        is_flag=True,
        default=None,
        help="Let the command reach the mock at the vendors' real hosts, with the variables of"
        " `session-mock admin env`; needs `session-mock[tls]`.",
    ),
    click.option(
        "--pass",
        "pass_hosts",
        **repeated_hosts(),
        help="With --intercept, another host that the command may reach; repeatable.",
    ),
    click.option(
        "--answer",
        "answer_hosts",
        **repeated_hosts(),
        help="With --intercept, another host that is answered like those of the vendors, such as that of an"
        " installation of your own; repeatable.",
    ),
)
_check_options = combine_options(
    click.option("--verify", is_flag=True, help="Check the requests, as `session-mock admin verify` does."),
    click.option(
        "--strict",
        type=click.Choice(["errors", "warnings"]),
        default="errors",
        show_default=True,
        help="With --verify, fail for findings that are errors, or also for warnings.",
    ),
    click.option(
        "--rows",
        multiple=True,
        type=repeated_pairs("VENDOR/ENDPOINT=FILE")["type"],
        callback=_parse_row_files,
        help="Compare a file that the command writes, lines of JSON or .csv, with the expected rows;"
        " repeatable.",
    ),
    columns_option("A column of these files with another name than at the vendor; repeatable."),
    order_option,
    click.option("--junit", metavar="FILE", help="Write the result as JUnit XML."),
    click.option("--html", "page", metavar="FILE", help="Write the result as an HTML page."),
    click.option("--har", metavar="FILE", help="Write the requests as an HTTP Archive."),
    click.option(
        "--summary", metavar="FILE", help="Append the result to a file as Markdown; - prints it to stderr."
    ),
)


@click.command(
    name="exec",
    context_settings={"allow_interspersed_args": False},
    epilog=format_examples(
        "session-mock exec --verify --env API={rybbit.url} --env KEY={rybbit.token} -- sh client.sh",
        "session-mock exec --scenario short-outage --timeout 60 --junit result.xml -- sh client.sh",
        'eval "$(session-mock exec --url http://127.0.0.1:8080 --tenant default --print-env sh)"',
    ),
)
@click.argument("command", nargs=-1, type=click.UNPROCESSED, metavar="[--] COMMAND...")
@_client_options
@_network_options
@_check_options
@click.option("--url", type=URL, help="URL of a running server; the command gets a new tenant there.")
@click.option("--tenant", metavar="ID", help="Use this tenant of the running server instead of a new one.")
@click.option(
    "--admin-token",
    type=TOKEN,
    envvar="SESSION_MOCK_ADMIN_TOKEN",
    show_envvar=True,
    help="Admin token of the running server.",
)
@click.option("--port", type=PORT, default=0, help="Port of the own server. [default: a free one]")
@world_options
def exec_command(
    command: tuple[str, ...],
    *,
    variables: dict[str, str],
    env_file: Path | None,
    print_env: str | None,
    timeout: float | None,
    **options: Any,
) -> None:
    """Run a command as a client of a mock server, and end with its exit code.

    The command gets the addresses and credentials in variables: SESSION_MOCK_URL, SESSION_MOCK_TENANT, and
    for each vendor SESSION_MOCK_RYBBIT_URL, _TOKEN (or its other credentials), _SITE and _SITES. Placeholders
    in --env and in the arguments of the command are replaced: {rybbit.url}, {browsee.api_key},
    {session_mock.url}; {{rybbit.url}} stands for the text itself. Options after COMMAND belong to it.

    The server accepts connections before the command starts. SIGINT, SIGTERM and SIGHUP are forwarded; when
    the command ends, processes that it left are killed.

    \b
    Exit codes:
      N        the exit code of the command; 128 + N if signal N ended it
      1        the command succeeded, but --verify or --rows found something wrong
      2        the options are wrong; nothing was run
      124      the command was ended because of --timeout
      125      session-mock failed
      126/127  the command cannot be run, does not exist
    """  # noqa: D301 -- \b is a mark for click
    server = _Server(
        options.pop("url"), options.pop("admin_token"), options.pop("tenant"), options.pop("port")
    )
    files = {name: options.pop(name) for name in ("junit", "har", "summary")}
    files["html"] = options.pop("page")
    checks = _Checks(
        **{name: options.pop(name) for name in ("verify", "strict", "rows", "columns", "order")},
        files={name: file for name, file in files.items() if file is not None},
    )
    _check_usage(command, server, print_env)
    if options["pass_hosts"] and not options["proxy"]:
        raise click.UsageError("--pass needs --intercept; give both, or leave it out")
    if options["answer_hosts"] and not (options["proxy"] or options["tls"]):
        raise click.UsageError("--answer needs --intercept or --tls; give one of them too, or leave it out")
    config = build_config(options)
    with _ended_as_by_shell(), _reported_failures(), server.open_tenant(config) as (client, tenant):
        addresses = Addresses(client.tenant(tenant.id), server.url)
        try:
            own = {name: addresses.fill(text) for name, text in variables.items()}
            words = tuple(map(addresses.fill, command))
        except PlaceholderError as error:
            raise click.UsageError(str(error)) from None
        intercepting = proxy_variables(client.tenant(tenant.id)) if config.proxy else {}
        given = {**addresses.variables(), **intercepting, **own}
        if print_env is not None:
            echo(format_variables(given, print_env).rstrip("\n"))
            if server.url is None:
                echo(f"session-mock: {_NO_SERVER}", err=True)
            return
        if env_file is not None:
            _write_private(env_file, format_variables(given, "dotenv"))
        sys.stdout.flush()
        result = run_child(
            words,
            environment={**os.environ, **given},
            timeout=timeout,
            folder=_find_own_folder(tenant.ca_file, server),
        )
        if result.error:
            echo(f"Error: {result.error}", err=True)
            code = result.exit_code
        else:
            passed = checks.run(command, result, client, tenant, is_own=server.url is None)
            code = _code(result) or (0 if passed else VERIFICATION_FAILED)
    sys.exit(code)


def _find_own_folder(ca_file: str | None, server: _Server) -> Path | None:
    """Return the folder with the certificates of a server that runs for the command only."""
    return None if server.url is not None or ca_file is None else Path(ca_file).parent


def _check_usage(command: tuple[str, ...], server: _Server, print_env: str | None) -> None:
    if print_env is None and not command:
        raise click.UsageError("missing COMMAND; write it after the options: session-mock exec -- COMMAND")
    if print_env is not None and command:
        raise click.UsageError("--print-env runs no command; leave one of the two out")
    if server.tenant is not None and server.url is None:
        raise click.UsageError("--tenant is a tenant of a running server; give its --url as well")
    if print_env is not None and server.url is not None and server.tenant is None:
        raise click.UsageError(
            "--print-env with --url needs --tenant: a tenant of its own would be deleted at once"
        )


def _code(result: ChildResult) -> int:
    return TIMED_OUT if result.timed_out else result.exit_code


def _describe(result: ChildResult) -> str:
    if result.timed_out:
        return f"ended by --timeout after {result.duration_seconds:.1f} s"
    return "" if result.exit_code == 0 else f"exit code {result.exit_code}"


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123 -- a descriptor
        file.write(text)


@contextmanager
def _ended_as_by_shell() -> Iterator[None]:
    """Clean up at a signal that comes while no command runs, and exit as a shell does."""
    try:
        with ended_by_signals():
            yield
    except EndedBySignal as error:
        sys.exit(SIGNAL_BASE + error.number)


@contextmanager
def _reported_failures() -> Iterator[None]:
    """Turn failures of session-mock into a message and exit code 125."""
    try:
        yield
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    except click.ClickException:
        raise
    except ProxyError as error:
        raise click.UsageError(f"--intercept: {error}") from None
    except Exception as error:  # noqa: BLE001 -- exit code 1 would blame the client
        if not isinstance(error, (AdminError, OSError)):
            traceback.print_exc()
        echo(f"Error: session-mock failed: {error}", err=True)
        sys.exit(HARNESS_FAILED)
