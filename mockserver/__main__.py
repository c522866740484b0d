"""``python -m mockserver`` is ``session-mock``."""

import gc


def main() -> None:
    """Run the command; what it imports first is spared a search for garbage, which is felt at start-up."""
    gc.disable()
    from mockserver.cli import main as run  # noqa: PLC0415 -- not before

    run()


if __name__ == "__main__":
    main()
