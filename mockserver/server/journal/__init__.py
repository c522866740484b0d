"""TODO package journal."""
