"""Run the command: ``python -m mockserver`` is ``session-mock``."""

from mockserver.cli.main import main

if __name__ == "__main__":
    main()
