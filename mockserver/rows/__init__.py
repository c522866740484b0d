"""Batches of sessions as JSON rows."""
