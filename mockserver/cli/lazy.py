"""A group that imports a command when it is called, because start-up is felt."""

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Any

import click

from mockserver.printable import printable


@contextmanager
def _printable_errors() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = printable(error.message)
        raise


class Lazy(click.Group):
    """A group that knows its commands' summaries, and finds a command when it is called."""

    def __init__(self, *, summaries: Mapping[str, str], find: Callable[[str], click.Command], **settings: Any) -> None:
        super().__init__(**settings)
        self._summaries, self._find = summaries, find

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Read the options; the message of an error is made printable."""
        with _printable_errors():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; the message of an error is made printable."""
        with _printable_errors():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """The names of the commands, in their order."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; raises a usage error for a name that is nearly one."""
        if cmd_name not in self._summaries:
            for near in [] if ctx.resilient_parsing else get_close_matches(cmd_name, self._summaries, 1):
                ctx.fail(f"there is no command {cmd_name!r}; did you mean {near!r}?")
            return None
        gc.disable()  # What is imported lives as long as the process: looking through it for garbage is felt at start-up.
        try:
            return self._find(cmd_name)
        finally:
            gc.freeze()
            gc.enable()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's signature
        """Write the summaries, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))
