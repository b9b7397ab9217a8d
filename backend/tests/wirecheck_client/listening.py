"""Ports for the small servers of these tests."""

import random
import socket

PORTS = range(22400, 22500)


def free_listener() -> socket.socket:
    """Listens on a port that nobody else has."""
    for port in random.sample(PORTS, len(PORTS)):
        listener = socket.socket()
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            listener.close()
            continue
        listener.listen(128)
        return listener
    raise AssertionError(f"no free port in {PORTS}")
