"""Parsing of requests: values, authentication, limits, errors, near misses."""
