"""How sessions are computed from a spec and found by queries."""
