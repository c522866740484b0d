"""TODO package expected."""
