"""Rybbit as its servers really answer: the default contract with what differs."""
