"""Health of the server."""
