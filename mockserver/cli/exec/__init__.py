"""``session-mock exec``: run a client with a mock server, and judge it."""
