"""Tenants and their state: configuration, limits, world history, URLs."""
