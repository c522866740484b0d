"""TODO package admin."""
