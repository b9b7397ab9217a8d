"""Audiences of live events. Socket.IO calls them rooms; here a room is where people talk."""

EVERYONE = "everyone"


def room(room_id: str) -> str:
    """Every connection of every member."""
    return f"room:{room_id}"


def user(user_id: str) -> str:
    """Every connection of one person."""
    return f"user:{user_id}"


def session(session_id: str) -> str:
    """Every connection that came in with a token of one session."""
    return f"session:{session_id}"
