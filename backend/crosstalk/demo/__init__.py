"""What plays in a room so that there is something to see: clients of the API, as any other."""
