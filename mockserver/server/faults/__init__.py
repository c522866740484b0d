"""Faults: deliberate failures with conditions."""
