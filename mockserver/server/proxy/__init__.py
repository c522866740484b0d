"""The server as a forward proxy for the hosts of the vendors."""
