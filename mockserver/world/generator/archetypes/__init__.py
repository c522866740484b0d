"""Archetypes: the sessions of which every session of a site is a copy."""
