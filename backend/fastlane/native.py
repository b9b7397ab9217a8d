"""epoll as the loop needs it: from the operating system on threads, through the hub on gevent's greenlets."""

import ctypes
import select
import socket
import sys
from collections.abc import Sequence
from itertools import repeat
from typing import Any

EPOLLIN, EPOLLOUT = 0x001, 0x004

# PyDLL keeps the interpreter lock during the call. A send that never waits takes a few microseconds; to let go of the lock
# for each, and to wait for it behind a busy worker each time, costs more than the send.
_send = ctypes.PyDLL(None).send
_send.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int)
_send.restype = ctypes.c_ssize_t
_FLAGS = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


def send_each(fds: Sequence[int], data: Sequence[bytes]) -> list[int]:
    """Sends to each socket what it takes at once, without letting other threads run, with as little as can be between one
    and the next: to wake a peer that has just gone to sleep costs the kernel as much as to send.

    Returns the bytes taken. Negative: nothing was; what is wrong, if anything, `wait` tells.
    """
    return list(map(_send, fds, data, map(len, data), repeat(_FLAGS)))


def _green() -> bool:
    monkey: Any = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("select"))


def epoll() -> Any:
    """A new epoll object. gevent takes the class away from everybody else."""
    if not _green():
        return select.epoll(flags=select.EPOLL_CLOEXEC)
    from gevent import monkey

    return monkey.get_original("select", "epoll")(flags=0o2000000)


def wait(polled: Any, seconds: float) -> list[tuple[int, int]]:
    """The events that are there, or that come within so many seconds."""
    if not _green():
        events: list[tuple[int, int]] = polled.poll(seconds)
        return events
    import gevent
    from gevent.socket import wait_read

    if seconds > 0 and not (events := polled.poll(0)):
        try:
            # An epoll object is readable itself when one of those that it watches is.
            wait_read(polled.fileno(), timeout=seconds, timeout_exc=TimeoutError())
        except TimeoutError:
            return []
    else:
        gevent.sleep(0)  # the other greenlets have their turn, however busy the loop is
    now: list[tuple[int, int]] = polled.poll(0)
    return now
