"""What a process of ours asks of the operating system about its parent and its children."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# The exit status of a server whose database another process owns: to start it again at once is useless.
DATABASE_IN_USE = 3


def die_with_parent(signal_number: int) -> Callable[[], None]:
    """A function that has the kernel send the signal to its process when the parent ends, however it ends.

    Made before a fork and called after it, so that nothing has to be imported in between. Linux only; elsewhere
    it does nothing.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        if prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")

    return ask


def follow_make() -> None:
    """Started by make, end with make: whoever kills it means us."""
    if "MAKELEVEL" in os.environ:
        die_with_parent(signal.SIGTERM)()


def make_is_interrupted() -> bool:
    """Whether the make that started us was sent SIGINT, alone.

    Ctrl-C reaches everybody at the terminal. But make, interrupted by its process id, tells nobody and waits for us for
    ever; all that can be seen of it is that it now blocks the signal.
    """
    if "MAKELEVEL" not in os.environ:
        return False
    try:
        status = Path(f"/proc/{os.getppid()}/status").read_text()
    except OSError:
        return False  # no /proc here, or the parent has just ended: follow_make sees to that
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    blocked = int(fields.get("SigBlk", "0"), 16)
    return fields.get("Name") in ("make", "gmake") and bool(blocked >> (signal.SIGINT - 1) & 1)
