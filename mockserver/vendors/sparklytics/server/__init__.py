"""Sparklytics as its open-source server of April 2026 answers."""
