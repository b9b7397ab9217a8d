"""Messages, their history and changes."""
