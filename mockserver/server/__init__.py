"""The server: HTTP, tenants, requests, faults, admin API. The only package that imports aiohttp."""
