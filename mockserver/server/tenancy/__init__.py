"""TODO package tenancy."""
