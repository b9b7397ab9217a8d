"""epoll as the loop needs it: from the operating system on threads, through the hub on gevent's greenlets."""

import ctypes
import errno
import select
import sys
from typing import Any

EPOLLIN, EPOLLOUT = 0x001, 0x004

# PyDLL keeps the interpreter lock during the call. A write that never waits takes a few microseconds; to let go of the lock
# for each, and to wait for it behind a busy worker each time, costs more than the write.
_libc_write = ctypes.PyDLL(None, use_errno=True).write
_libc_write.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t)
_libc_write.restype = ctypes.c_ssize_t


def write(fd: int, data: bytes) -> int:
    """Writes what the descriptor takes at once, without letting other threads run. Raises OSError."""
    size = len(data)
    written: int = _libc_write(fd, data, size)
    if written < 0:
        code = ctypes.get_errno()
        if code in (errno.EAGAIN, errno.EINTR):
            return 0
        raise OSError(code, "write failed")
    return written


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
