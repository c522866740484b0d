"""Helpers that know nothing of this project; they import none of its other packages."""
