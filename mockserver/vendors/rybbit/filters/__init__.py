"""The ``filters`` parameter: syntax, fields, conditions, regular expressions."""
