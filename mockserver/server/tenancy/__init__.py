"""Tenants and their state: settings, limits, world history, URLs."""
