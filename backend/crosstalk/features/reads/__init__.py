"""Read markers and unread counts."""
