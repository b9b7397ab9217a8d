"""Taking a port, or saying in one line that it is taken."""

import errno
import os
import socket

_FIRST_INHERITED = 3
_LOOPBACK = ("127.0.0.1", "localhost")


class PortError(Exception):
    """A port that cannot be had. Its text is one line: the port, why, and the setting that chooses another."""


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to the port, not yet listening; it can follow at once on one that has just been closed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
    except OSError as refused:
        bound.close()
        raise PortError(_why(refused, host, port, setting)) from None
    if host in _LOOPBACK and _answers_on_ipv6(port):
        # Browsers try ::1 first for "localhost": they would talk to the other program.
        bound.close()
        raise PortError(_taken(port, setting))
    return bound


def inherited_listener() -> socket.socket | None:
    """The listening socket of systemd's socket activation (sd_listen_fds(3)), when there is one for this process.

    Raises PortError when there are several.
    """
    if not is_activated():
        return None
    number = os.environ.pop("LISTEN_FDS")
    for name in ("LISTEN_PID", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    if number != "1":
        raise PortError(f"systemd hands over {number} sockets: write one ListenStream in the socket unit")
    return socket.socket(fileno=_FIRST_INHERITED)


def is_activated() -> bool:
    """Whether systemd has bound the address of this process already."""
    return os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0"


def check_free(host: str, port: int, setting: str) -> None:
    bind(host, port, setting).close()


def _answers_on_ipv6(port: int) -> bool:
    try:
        with socket.create_connection(("::1", port), timeout=1):
            return True
    except OSError:
        return False


def _why(refused: OSError, host: str, port: int, setting: str) -> str:
    if refused.errno == errno.EADDRINUSE:
        return _taken(port, setting)
    if refused.errno == errno.EACCES:
        return f"port {port} is reserved for the system: choose another with {setting}={port + 10000 if port < 1024 else 20000}"
    return f"cannot listen on {host}, port {port}: {refused.strerror or refused} ({setting.replace('PORT', 'HOST')}, {setting})"


def _taken(port: int, setting: str) -> str:
    return f"port {port} is taken by another program: stop that, or choose another port with {setting}={port + 1}"
