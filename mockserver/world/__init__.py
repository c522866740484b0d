"""The seeded truth: a pure function of a small spec. No clock, no I/O, no word of any vendor's."""
