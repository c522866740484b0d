"""Groups that suggest the nearest command, and groups that import a command only when it is called."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from mockserver._util.printable import printable
from mockserver._util.suggest import suggest


@contextmanager
def _printable_errors() -> Iterator[None]:
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = printable(error.message)
        raise


class SuggestingGroup(click.Group):
    """Suggests the nearest command for an unknown one, and escapes control characters in errors."""

    def make_context(self, *arguments: Any, **settings: Any) -> click.Context:
        """Parse the options; raises click's errors with a printable message."""
        with _printable_errors():
            return super().make_context(*arguments, **settings)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raises click's errors with a printable message."""
        with _printable_errors():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* call; raises a usage error if it is unknown."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            ctx.fail(f"unknown command {name!r}; {suggest(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the names of the commands in the order of their definition."""
        return list(self.commands)

    def summarize_commands(self, ctx: click.Context) -> Mapping[str, str]:  # noqa: ARG002 -- for subclasses
        """Return the first line of each command's help, by the name of the command."""
        return {name: (command.help or "").partition("\n")[0] for name, command in self.commands.items()}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the summaries in full; click would shorten them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summarize_commands(ctx).items()))


class LazyGroup(SuggestingGroup):
    """A group that knows the summaries of its commands and imports a command when it is called."""

    def __init__(self, *, lazy_commands: Mapping[str, tuple[str, str]], **settings: Any) -> None:
        """Build a group of commands by name, each with its place ``module:attribute`` and its summary."""
        super().__init__(**settings)
        self._places = {name: place for name, (place, _) in lazy_commands.items()}
        self._summaries = {name: summary for name, (_, summary) in lazy_commands.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """Return the names of the commands in the order of their summaries."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's signature
        """Import a command; return None for an unknown name."""
        if cmd_name not in self._places:
            return None
        module, _, attribute = self._places[cmd_name].partition(":")
        gc.disable()  # Imports create no garbage; collecting takes 6 % of `session-mock serve --help`.
        try:
            command: click.Command = getattr(import_module(module), attribute)
            return command
        finally:
            gc.freeze()
            gc.enable()

    def summarize_commands(self, ctx: click.Context) -> Mapping[str, str]:  # noqa: ARG002 -- overrides
        """Return the summaries without importing the commands."""
        return self._summaries
