"""Times in requests, as the documentation and as the servers read them."""
