"""What an endpoint promises, as data. Knows neither the world nor the server."""
