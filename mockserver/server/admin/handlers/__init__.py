"""TODO package handlers."""
