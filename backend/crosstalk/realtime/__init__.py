"""Live connections: the registry of commands as Socket.IO handlers, and events to those who are to hear them."""
