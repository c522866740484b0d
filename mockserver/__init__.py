"""session-mock: a mock server for session-analytics HTTP APIs over one seeded, self-consistent world."""

__version__ = "0.1.0"
