"""A transport for Socket.IO on WSGI servers: one loop a process owns every WebSocket.

`SocketIO` stands in for `flask_socketio.SocketIO`, `Engine` for `engineio.Server`; what clients see is the same. It knows
nothing of Crosstalk. docs/transport.md tells how it works and why each bound is what it is.
"""

from fastlane.engine import Engine
from fastlane.server import Server, SocketIO

__all__ = ["Engine", "Server", "SocketIO"]
