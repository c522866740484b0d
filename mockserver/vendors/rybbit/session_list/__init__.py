"""Options and orders of the list of sessions."""
