"""Sessions that are given in full, such as the rows of an export, instead of being generated."""
