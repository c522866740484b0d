"""The record of exchanges, and its serialization."""
