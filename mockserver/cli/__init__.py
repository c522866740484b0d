"""The command line of session-mock; the entry point is :func:`mockserver.cli.main.main`."""
