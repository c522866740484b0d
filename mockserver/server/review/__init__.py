"""Findings: defects in how a client used the API, and their summary."""
