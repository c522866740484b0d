"""``session-mock check``: run a client through cases, and judge it."""
