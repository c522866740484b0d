"""``session-mock admin env``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

from mockserver.cli.admin.common import with_client
from mockserver.cli.output import echo
from mockserver.cli.params import OneOf, format_examples
from mockserver.client.client import AdminClient
from mockserver.client.proxy_variables import ProxyError, proxy_variables, write_certificates
from mockserver.harness.environment import Addresses, format_variables

_FORMS: Final = ("sh", "dotenv", "json", "github")


def _print_variables(variables: Mapping[str, str]) -> None:
    form: str = click.get_current_context().params["form"]
    echo(format_variables(variables, form).rstrip("\n"))


@click.command(
    epilog=format_examples(
        'eval "$(session-mock admin env)"',
        "session-mock admin env --format dotenv > .env",
    )
)
@click.option(
    "--format",
    "form",
    type=OneOf(_FORMS),
    default="sh",
    show_default=True,
    help="For a shell, a .env file, as JSON, or for GITHUB_ENV of GitHub Actions.",
)
@click.option(
    "--ca-folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write the certificates to, for a server whose files are not on this computer.",
)
@with_client(_print_variables)
def env(client: AdminClient, *, tenant: str, form: str, ca_folder: Path | None) -> dict[str, str]:  # noqa: ARG001 -- for printing
    """Print variables with which programs reach the mock at the vendors' real hosts.

    The server must run with --proxy. The variables are those of proxies and certificates, which curl, Python,
    Go, Node and others read, and the addresses and credentials of the tenant, as `session-mock exec` sets
    them.
    """
    access = client.tenant(tenant)
    try:
        if ca_folder is not None and access.proxy_url is not None:
            ca_file, ca_bundle = write_certificates(client.ca_pem(), ca_folder)
            access = replace(access, ca_file=ca_file, ca_bundle=ca_bundle)
        return {**Addresses(access).variables(), **proxy_variables(access)}
    except ProxyError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"--ca-folder {ca_folder}: {error.strerror or error}") from None
