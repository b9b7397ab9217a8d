"""Rooms, memberships and invites."""
