"""Collects sessions from four vendors."""
