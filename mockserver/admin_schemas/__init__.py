"""Requests and responses of the admin API, shared by server and client."""
