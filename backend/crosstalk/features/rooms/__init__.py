"""Rooms, who is in them, and the numbering of what happens there."""
