"""Which members are online."""
