"""Messages, their history, and catching up."""
