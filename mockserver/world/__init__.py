"""The world: sessions as a pure function of a small spec, without clock, I/O or knowledge of vendors."""
