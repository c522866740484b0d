"""HTTP independent of tenants: requests, routes, responses, redaction, logs."""
