"""Encoding of session batches as JSON rows."""
