"""``session-mock serve``."""

import asyncio
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from msgspec import json

from mockserver._util import parsers
from mockserver._util.clock import Clock
from mockserver.cli.curl import format_curl
from mockserver.cli.options import build_config, world_options
from mockserver.cli.output import discard_output, echo
from mockserver.cli.params import (
    PORT,
    TOKEN,
    env_option,
    format_examples,
    json_option,
    repeated_hosts,
    repeated_pairs,
)
from mockserver.contract.behaviors import DOCUMENTED
from mockserver.server.configuration.config import DEFAULT_TLS_PORT, Config, ConfigError
from mockserver.server.runner import Running, run
from mockserver.server.tenancy.urls import Addresses
from mockserver.world.model.query import Query
from mockserver.world.model.spec import format_instant

_GC_THRESHOLD = 10_000
"""New objects after which Python looks for garbage; with its 700, that takes 4 % of a request."""


def _write_ports(path: Path, running: Running) -> None:
    """Write the port file atomically, so that no reader sees half of it; raises :class:`ConfigError`."""
    lines = [str(running.port), *(f"{vendor}={port}" for vendor, port in running.vendor_ports.items())]
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"--port-file {path}: {error.strerror or error}") from None


def _describe_clock(clock: Clock) -> str:
    if clock.frozen:
        return f"frozen at {format_instant(clock.now())} (use --now system for real time)"
    return "follows the system time"


def _describe(running: Running, *, guarded: bool) -> None:
    """Print credentials, docs page and a curl command for each tenant and vendor, and the admin API's URL."""
    for tenant in running.tenants:
        echo(f"\nTenant {tenant.name}", bold=True)
        sizes = ", ".join(
            f"{site.find(Query(), tenant.clock.now()).total:,} on {site.domain}"
            for site in tenant.world.sites
        )
        echo(f"  seed       {tenant.world.spec.seed}")
        echo(f"  sessions   {sizes}")
        echo(f"  clock      {_describe_clock(tenant.clock)}")
        for vendor in tenant.vendors.values():
            identifiers = tenant.identifiers[vendor.name]
            dialect = "" if vendor.dialect == DOCUMENTED else f", dialect {vendor.dialect}"
            echo(f"\n  {vendor.contract.title}{dialect}", bold=True)
            for credential, value in identifiers.credentials.items():
                echo(f"    {credential:<10} {value}")
            url = running.vendor_url(vendor.name)
            echo(f"    {'sites':<10} {' '.join(ids[0] for ids in identifiers.sites)}")
            echo(f"    {'docs':<10} {url}/{vendor.name}/docs")
            echo(f"    {format_curl(url, vendor.contract.endpoints[0], identifiers)}")
    _describe_certificates(running.addresses)
    if running.admin_url is not None:
        hint = "it requires the admin token" if guarded else "`session-mock admin --help` lists its commands"
        echo(f"\nThe admin API is at {running.admin_url}/__admin; {hint}.")
    echo(f"\nsession-mock is running at {running.url}; stop it with Ctrl-C.")


def _describe_certificates(addresses: Addresses) -> None:
    """Print the addresses of https and of the proxy, with the file that clients need for them."""
    if addresses.certificates is None:
        return
    echo("")
    if addresses.tls_url is not None:
        echo(f"https is at {addresses.tls_url}.")
    if addresses.proxy_url is not None:
        echo(f"The proxy is at {addresses.proxy_url}; `session-mock admin env` prints variables for clients.")
    echo(f"The certificate authority is {addresses.certificates.ca_file}.")


@contextmanager
def _tolerate_closed_output() -> Iterator[None]:
    """Ignore errors of printing: a server whose output is closed or not read keeps running."""
    try:
        yield
        sys.stdout.flush()
    except OSError:
        discard_output()


def _hint_at_tls_port(config: Config) -> str:
    port = DEFAULT_TLS_PORT if config.tls_port is None else config.tls_port
    return f"; the same for --tls-port, which is {port}" if config.tls and port else ""


@click.command(
    name="serve",
    epilog=format_examples(
        "session-mock serve --sessions 250 --seed 42",
        "session-mock serve --profile flowing --dialect observed --port 0 --json",
    ),
)
@world_options
@env_option("--host", metavar="HOST", help="Address to bind. [default: 127.0.0.1]")
@env_option("--port", type=PORT, help="Port; 0 picks a free one. [default: 8080]")
@env_option(
    "--vendor-port",
    "vendor_ports",
    **repeated_pairs("VENDOR=PORT", parsers.parse_port),
    help="Serve a vendor on an additional port of its own; 0 picks a free one; repeatable.",
)
@env_option(
    "--restore",
    metavar="FILE",
    help="Snapshot of `session-mock admin snapshot` with which the default tenant continues;"
    " it replaces the options of world and tenant.",
)
@click.option(
    "--port-file",
    type=click.Path(path_type=Path),
    help="File to write the port to as soon as the server accepts connections.",
)
@env_option(
    "--admin-token",
    type=TOKEN,
    help="Token that admin requests must send; required if --host is not a loopback address.",
)
@env_option(
    "--admin-port",
    type=PORT,
    help="Serve the admin API on a port of its own; 0 picks a free one. [default: on --port, at /__admin]",
)
@env_option("--no-admin", is_flag=True, default=None, help="Do not serve the admin API.")
@env_option(
    "--tls",
    is_flag=True,
    default=None,
    help="Serve https in addition, with certificates of an authority that is created for the run;"
    " needs `session-mock[tls]`.",
)
@env_option("--tls-port", type=PORT, help="Port of https; 0 picks a free one. [default: 8443]")
@env_option(
    "--proxy",
    is_flag=True,
    default=None,
    help="Make the port also a forward proxy for http and https that answers requests to the vendors' real"
    " hosts; needs `session-mock[tls]`.",
)
@env_option(
    "--pass",
    "pass_hosts",
    **repeated_hosts(),
    help="Host that the proxy passes requests on to, instead of refusing them; repeatable.",
)
@env_option(
    "--answer",
    "answer_hosts",
    **repeated_hosts(),
    help="Host that is answered like those of the vendors, such as that of an installation of your own;"
    " repeatable.",
)
@env_option("--access-log", is_flag=True, default=None, help="Log each request to stderr.")
@json_option("Print URLs and credentials as one line of JSON instead of a table.")
def command(port_file: Path | None, *, as_json: bool, **options: Any) -> None:
    """Run the mock server until it is interrupted.

    It serves all vendors' endpoints, API documentation at /VENDOR/docs and the admin API at /__admin.
    When it accepts connections it prints URLs, credentials and a ready curl command for each vendor.
    """
    config = build_config(options)
    if config.access_log:
        import logging  # noqa: PLC0415 -- rarely needed

        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")

    def ready(running: Running) -> None:
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)  # Rarely is anything garbage that reference counts do not free.
        gc.enable()
        if port_file is not None:
            _write_ports(port_file, running)
        with _tolerate_closed_output():
            if as_json:
                first = running.tenants[0]
                echo(json.encode({**running.described(first), "seed": first.world.spec.seed}).decode())
            else:
                _describe(running, guarded=config.admin_token is not None)

    # Objects created at start-up live as long as the server: do not search them for garbage now, nor later.
    gc.disable()
    try:
        asyncio.run(run(config, ready))
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {config.host}:{config.port}: {error.strerror or error};"
            f" use another --port, or 0 for a free one{_hint_at_tls_port(config)}"
        ) from None
    finally:
        gc.enable()
