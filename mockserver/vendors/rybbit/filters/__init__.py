"""Filters of a request: syntax, fields, conditions, regular expressions."""
