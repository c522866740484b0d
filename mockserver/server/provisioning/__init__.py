"""The tenants of a server that starts: of its configuration, or of a snapshot."""
