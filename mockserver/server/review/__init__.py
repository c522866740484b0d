"""TODO package review."""
