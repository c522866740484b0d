"""Settings of a server and of its tenants: files, scenarios, and the tenants that follow from them."""
