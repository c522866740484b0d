"""Parts that all admin commands share: options, the client, output and error messages."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

import click
from click.core import ParameterSource

from mockserver.cli.output import print_json
from mockserver.cli.params import TOKEN, URL, combine_options, json_option
from mockserver.client.client import DEFAULT_TENANT, DEFAULT_URL, AdminClient
from mockserver.client.fault_files import FaultFileError
from mockserver.client.http_transport import AdminError

_TENANT: Final = click.option(
    "--tenant",
    "-t",
    default=DEFAULT_TENANT,
    envvar="SESSION_MOCK_TENANT",
    show_default=True,
    show_envvar=True,
    metavar="ID",
    help="Id of the tenant.",
)
_connection_options = combine_options(
    click.option(
        "--url",
        type=URL,
        default=DEFAULT_URL,
        envvar="SESSION_MOCK_URL",
        show_default=True,
        show_envvar=True,
        help="URL of the server.",
    ),
    click.option(
        "--token",
        type=TOKEN,
        envvar="SESSION_MOCK_ADMIN_TOKEN",
        show_envvar=True,
        help="Admin token of the server: the value of `serve --admin-token`.",
    ),
    json_option("Print the response of the admin API as JSON."),
)
admin_options = combine_options(_TENANT, _connection_options)
"""Decorator that adds the options that can be written before or after the name of an admin command."""


def with_client(
    show: Callable[[Any], None] = print_json,
    *,
    tenant: bool = True,
    is_failure: Callable[[Any], bool] | None = None,
    as_json: Callable[[Any], Any] = lambda result: result,
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Return a decorator that calls a command with an :class:`AdminClient` and prints what it returns.

    *show* prints a result for people. Each item of an iterator is printed as it arrives; None is not printed.
    *as_json* converts a result that is printed as JSON. The command exits with 1 if *is_failure* returns True
    for its result. With *tenant* the command gets the option ``--tenant``.
    """

    def decorate(call: Callable[..., Any]) -> Callable[..., None]:
        @wraps(call)
        def run(**given: Any) -> None:
            options = _merge_options(given)
            is_json = options.pop("as_json")
            print_result = _print_as(as_json) if is_json else show
            with _reported_errors(), AdminClient(options.pop("url"), options.pop("token")) as client:
                result = call(client, **options)
                if isinstance(result, Iterator):
                    for item in result:
                        print_result(item)
                elif result is not None:
                    print_result(result)
            if is_failure is not None and is_failure(result):
                click.get_current_context().exit(1)

        return admin_options(run) if tenant else _connection_options(run)

    return decorate


def _print_as(convert: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Return a function that prints a converted result as JSON."""
    return lambda result: print_json(convert(result))


def _merge_options(given: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command: those after its name, else those before it, else the environment."""
    context = click.get_current_context()
    outer: click.Context = context.obj or context
    if "tenant" not in given and _is_on_command_line(outer, "tenant"):
        raise click.UsageError(f"--tenant does not apply to {context.command_path!r}; leave it out")
    return {
        name: value if _is_on_command_line(context, name) else outer.params.get(name, value)
        for name, value in given.items()
    }


def _is_on_command_line(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


@contextmanager
def _reported_errors() -> Iterator[None]:
    """Turn errors of the client into one line on stderr."""
    try:
        yield
    except AdminError as error:
        is_unauthorized = error.status == HTTPStatus.UNAUTHORIZED
        hint = " (option --token or SESSION_MOCK_ADMIN_TOKEN)" if is_unauthorized else ""
        raise click.ClickException(f"{error}{hint}") from None
    except FaultFileError as error:
        raise click.UsageError(str(error)) from None
    except UnicodeError as error:
        raise click.UsageError(f"arguments must be UTF-8 text: {error}; correct them") from None
