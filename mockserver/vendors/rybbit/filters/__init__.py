"""TODO package filters."""
