"""Draws the vocabularies that ship with the package."""
