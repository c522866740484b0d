"""TODO package http."""
