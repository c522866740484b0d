"""From a raw request to a parsed one: values, authentication, limits, errors, near misses."""
