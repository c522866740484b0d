"""Helpers without knowledge of this project; imports nothing of ours."""
