"""The HTTP edge: routing, tenants, credentials, limits, clock. The only package that imports aiohttp."""
