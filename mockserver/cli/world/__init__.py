"""``session-mock world``: describe a world."""
