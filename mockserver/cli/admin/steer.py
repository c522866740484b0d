"""What all admin commands have in common: where the server is, how an answer is printed, and how a failure is told."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, TypeVar

import click
from click.core import ParameterSource

from mockserver.cli.output import echo_json
from mockserver.cli.words import TOKEN, URL
from mockserver.client.connection import AdminError
from mockserver.client.sync import DEFAULT_TENANT, DEFAULT_URL, AdminClient

C = TypeVar("C", bound=Callable[..., Any])
_INTERRUPTED: Final = 130
"""What a shell says of a command that Ctrl-C ended."""
_TENANT: Final = click.option(
    "--tenant", "-t", default=DEFAULT_TENANT, envvar="SESSION_MOCK_TENANT", show_default=True, show_envvar=True, help="Whose it is."
)
_OPTIONS: Final = (
    click.option(
        "--url",
        type=URL,
        default=DEFAULT_URL,
        envvar="SESSION_MOCK_URL",
        show_default=True,
        show_envvar=True,
        help="Where the server is.",
    ),
    click.option(
        "--token",
        type=TOKEN,
        envvar="SESSION_MOCK_ADMIN_TOKEN",
        show_envvar=True,
        help="What the server was given as --admin-token.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print what the admin API answered."),
)


def json_line(answer: object) -> None:
    """Print an answer as one line of JSON."""
    echo_json(answer)


def steering(show: Callable[[Any], None] = json_line, *, tenant: bool = True) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Make a function that asks an :class:`AdminClient` a command: what it returns is printed, for people by ``show``.

    What comes as an iterator is printed as it comes, and ``None`` is not printed.
    """

    def decorate(ask: Callable[..., Any]) -> Callable[..., None]:
        @wraps(ask)
        def run(**given: Any) -> None:
            options = _meant(given)
            as_json = options.pop("as_json")
            with _failures_told(), AdminClient(options.pop("url"), options.pop("token")) as admin:
                answer = ask(admin, **options)
                each = answer if isinstance(answer, Iterator) else [] if answer is None else [answer]
                for part in each:
                    (json_line if as_json else show)(part)

        return common(run, tenant=tenant)

    return decorate


def common(command: C, *, tenant: bool = True) -> C:
    """Give a command, or the group of all, the options that stand before or behind a command's name."""
    for option in reversed((*([_TENANT] if tenant else []), *_OPTIONS)):
        command = option(command)
    return command


def _meant(given: dict[str, Any]) -> dict[str, Any]:
    """The options of a command: what stands behind its name, and else what stands before it, or in the environment."""
    context = click.get_current_context()
    before = context.parent if context.parent is not None and context.parent.params else context
    if "tenant" not in given and _is_said(before, "tenant"):
        raise click.UsageError(f"--tenant: {context.command_path!r} is of no tenant; leave it out")
    return {name: given[name] if _is_said(context, name) else before.params.get(name, given[name]) for name in given}


def _is_said(context: click.Context, name: str) -> bool:
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings."""
    from mockserver.cli.tables import table as draw  # noqa: PLC0415 -- rich is felt at start-up

    draw(headings, rows)


@contextmanager
def _failures_told() -> Iterator[None]:
    """Tell whatever stands in the way in a line on stderr."""
    try:
        yield
    except AdminError as error:
        hint = " (here: --token, or SESSION_MOCK_ADMIN_TOKEN)" if error.status == HTTPStatus.UNAUTHORIZED else ""
        raise click.ClickException(f"{error}{hint}") from None
    except UnicodeError as error:
        raise click.UsageError(f"what is no UTF-8 cannot be sent: {error}") from None
    except BrokenPipeError:
        raise  # Whoever reads has enough, which click passes over in silence.
    except OSError as error:
        raise click.ClickException(f"cannot write{f' {error.filename}' if error.filename else ''}: {error.strerror}") from None
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
