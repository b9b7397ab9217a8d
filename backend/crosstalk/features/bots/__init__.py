"""Names in which the server itself speaks."""
