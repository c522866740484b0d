"""Expected rows: what a correct client collects, and which exchanges returned a row."""
