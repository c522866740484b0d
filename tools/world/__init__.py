"""Programs that measure worlds."""
