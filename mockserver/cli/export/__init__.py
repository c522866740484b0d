"""``session-mock export``: write expected rows."""
