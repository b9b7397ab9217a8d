"""The end of a connection, so that the peer gets to read why."""

import socket
import time

GOODBYE_S = 2.0


def hang_up(connection: socket.socket) -> None:
    """Reads on, for nobody, until the peer hangs up or has had its time; then ends the connection.

    A socket that is closed while something is unread is reset, and the peer loses what it had not read yet (RFC 9293, 3.10.4).
    """
    until = time.monotonic() + GOODBYE_S
    try:
        while (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(65_536):
                break
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is gone, or silent
