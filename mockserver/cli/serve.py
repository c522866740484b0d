"""``session-mock serve``."""

import asyncio
import gc
import sys
from pathlib import Path
from typing import Any

import click

from mockserver import forms
from mockserver.cli.curl import curl
from mockserver.cli.options import configured, world_options
from mockserver.cli.output import echo, echo_json
from mockserver.cli.words import PORT, TOKEN, pairs
from mockserver.contract.choices import DOCUMENTED
from mockserver.server.clock import Clock
from mockserver.server.config import ConfigError
from mockserver.server.running import Running, run
from mockserver.vendor import Vendor
from mockserver.world.query import Query
from mockserver.world.spec import text


def _write_ports(path: Path, running: Running) -> None:
    """Write the ports in one step, so that whoever waits for the file never reads half of it; raises :class:`ConfigError`."""
    lines = [str(running.port), *(f"{vendor}={port}" for vendor, port in running.vendor_ports.items())]
    part = path.with_name(path.name + ".part")
    try:
        part.write_text("\n".join(lines) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"--port-file {path}: {error.strerror or error}") from None


def _clock(clock: Clock) -> str:
    return f"stands at {text(clock.now())} (--now system lets it run)" if clock.frozen else "is the system's"


def _as(vendor: Vendor) -> str:
    """The dialect, where it is not the documented one."""
    return "" if vendor.dialect == DOCUMENTED else f", dialect {vendor.dialect}"


def _describe(running: Running, *, guarded: bool) -> None:
    """Print every tenant's credentials, a page and a ready curl for each vendor, and where the admin API is."""
    for tenant in running.tenants:
        echo(f"\nTenant {tenant.name}", bold=True)
        sizes = ", ".join(f"{site.find(Query(), tenant.clock.now()).total:,} on {site.domain}" for site in tenant.world.sites)
        echo(f"  seed       {tenant.world.spec.seed}\n  sessions   {sizes}\n  clock      {_clock(tenant.clock)}")
        for vendor in tenant.vendors.values():
            names, endpoint = tenant.names[vendor.name], vendor.contract.endpoints[0]
            echo(f"\n  {vendor.contract.title}{_as(vendor)}", bold=True)
            for credential, value in names.credentials.items():
                echo(f"    {credential:<10} {value}")
            url = running.vendor_url(vendor.name)
            echo(f"    {'sites':<10} {' '.join(ids[0] for ids in names.sites)}")
            echo(f"    {'in browser':<10} {url}/{vendor.name}/docs")
            echo(f"    {curl(url, endpoint, names)}")
    if running.admin_url is not None:
        asks = "it asks for the admin token" if guarded else "`session-mock admin --help` lists what it does"
        echo(f"\nThe admin API is at {running.admin_url}/__admin; {asks}.")
    echo(f"\nsession-mock serves {running.url}; stop it with Ctrl-C.")


def _ports(words: tuple[str, ...]) -> dict[str, int]:
    """Read VENDOR=PORT texts; raises a usage error for any other."""
    try:
        return {vendor: forms.port(number) for vendor, number in pairs(words, "--vendor-port", "VENDOR=PORT").items()}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--vendor-port") from None


@click.command(name="serve")
@world_options
@click.option("--host", help="Address to bind; 127.0.0.1 by default.", envvar="SESSION_MOCK_HOST", show_envvar=True)
@click.option("--port", type=PORT, help="Port, 8080 by default; 0 picks one.", envvar="SESSION_MOCK_PORT", show_envvar=True)
@click.option(
    "--vendor-port",
    multiple=True,
    help="A port of a vendor's own: VENDOR=PORT, 0 picks one.",
    metavar="VENDOR=PORT",
    envvar="SESSION_MOCK_VENDOR_PORT",
    show_envvar=True,
)
@click.option("--port-file", type=click.Path(path_type=Path), help="File to write the port to, once it accepts connections.")
@click.option(
    "--admin-token",
    type=TOKEN,
    help="What the admin API asks for; needed where --host is not loopback.",
    envvar="SESSION_MOCK_ADMIN_TOKEN",
    show_envvar=True,
)
@click.option(
    "--admin-port",
    type=PORT,
    help="A port of the admin API's own; 0 picks one. By default it is on --port, below /__admin.",
    envvar="SESSION_MOCK_ADMIN_PORT",
    show_envvar=True,
)
@click.option("--no-admin", is_flag=True, default=None, help="Serve no admin API.", envvar="SESSION_MOCK_NO_ADMIN", show_envvar=True)
@click.option("--access-log", is_flag=True, default=None, help="Log every request.", envvar="SESSION_MOCK_ACCESS_LOG", show_envvar=True)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON once it serves, instead of the table.")
def command(vendor_port: tuple[str, ...], port_file: Path | None, *, as_json: bool, **options: Any) -> None:
    """Serve every vendor's endpoints until interrupted."""
    ports = _ports(vendor_port)
    config = configured({**options, "vendor_ports": ports or None})
    if config.access_log:
        import logging  # noqa: PLC0415 -- only where it is wanted

        logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")

    def ready(running: Running) -> None:
        gc.freeze()
        gc.enable()
        if port_file is not None:
            _write_ports(port_file, running)
        if as_json:
            first = running.tenants[0]
            echo_json({**running.described(first), "seed": first.world.spec.seed})
        else:
            _describe(running, guarded=config.admin_token is not None)
        sys.stdout.flush()

    gc.disable()  # What is made until it serves lives as long as it: looking through that for garbage is felt, then and at every page.
    try:
        asyncio.run(run(config, ready))
    except ConfigError as error:
        raise click.UsageError(str(error)) from None
    except BrokenPipeError:  # Nobody reads what it prints any more.
        raise SystemExit(1) from None
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {config.host}:{config.port}: {error.strerror or error}; choose another --port, or 0"
        ) from None
    finally:
        gc.enable()
