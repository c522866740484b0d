"""``python -m mockserver`` is ``session-mock``."""

import gc


def main() -> None:
    """Run the command; garbage collection is off until the command is imported (see ``LazyGroup``)."""
    gc.disable()
    from mockserver.cli.main import main as run  # noqa: PLC0415 -- not before garbage collection is off

    run()


if __name__ == "__main__":
    main()
