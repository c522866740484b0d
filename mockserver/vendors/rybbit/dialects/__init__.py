"""The dialects of Rybbit's servers, as differences from the documented contract."""
