"""TODO package requests."""
