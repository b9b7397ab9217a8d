"""People: guests, local accounts, and their sessions."""
