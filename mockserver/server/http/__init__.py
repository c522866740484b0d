"""HTTP without any knowledge of tenants: requests, routes, responses, redaction, logs."""
