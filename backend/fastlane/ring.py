"""Many sends in one system call: io_uring, where the kernel has it and lets us.

From io_uring_setup(2), io_uring_enter(2) and linux/io_uring.h. A send that never waits is done, or refused, when the call
that submits it returns: nothing is under way between two calls, and there is nothing to wait for.
"""

import ctypes
import errno
import mmap
import os
import socket
from array import array
from collections.abc import Callable, Iterator, Sequence

from fastlane import native

ENTRIES = 256
_SETUP, _ENTER = 425, 426
# As many entries for what is done as for what is to be done: the answer to an entry stands at its place.
_CQSIZE = 1 << 3
_SINGLE_MMAP = 1 << 0
_SQES = 0x1000_0000
_SEND = 26
# Of an entry to be sent, in 4-byte words: opcode · fd · (8 bytes) · address (8 bytes) · length · flags.
_SQE_WORDS, _FD, _ADDRESS, _LENGTH, _FLAGS = 16, 1, 4, 6, 7
# Of one that is done: (8 bytes) · result.
_CQE_WORDS, _RESULT = 4, 2

Sender = Callable[[Sequence[int], Sequence[bytes]], list[int]]

_syscall = ctypes.CDLL(None, use_errno=True).syscall
_address_of = ctypes.PyDLL(None).PyBytes_AsString
_address_of.argtypes = (ctypes.py_object,)
_address_of.restype = ctypes.c_void_p


class _Parameters(ctypes.Structure):
    """`struct io_uring_params`. The offsets are those in the memory that both rings share."""

    _fields_ = (
        ("sq_entries", ctypes.c_uint32),
        ("cq_entries", ctypes.c_uint32),
        ("flags", ctypes.c_uint32),
        ("sq_thread", ctypes.c_uint32 * 2),
        ("features", ctypes.c_uint32),
        ("reserved", ctypes.c_uint32 * 4),
        ("sq_head", ctypes.c_uint32),
        ("sq_tail", ctypes.c_uint32),
        ("sq_more", ctypes.c_uint32 * 4),
        ("sq_array", ctypes.c_uint32),
        ("sq_reserved", ctypes.c_uint32 * 3),
        ("cq_head", ctypes.c_uint32),
        ("cq_tail", ctypes.c_uint32),
        ("cq_more", ctypes.c_uint32 * 3),
        ("cq_cqes", ctypes.c_uint32),
        ("cq_reserved", ctypes.c_uint32 * 4),
    )


class Ring:
    """An io_uring for one thread. Errors: OSError when the kernel has none, or forbids it."""

    def __init__(self) -> None:
        at = _Parameters(flags=_CQSIZE, cq_entries=ENTRIES)
        self._fd = _syscall(_SETUP, ENTRIES, ctypes.byref(at))
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "io_uring_setup")
        os.set_inheritable(self._fd, False)
        if not at.features & _SINGLE_MMAP:
            raise OSError(errno.ENOSYS, "the rings do not share their memory")
        size = max(at.sq_array + 4 * ENTRIES, at.cq_cqes + 4 * _CQE_WORDS * ENTRIES)
        rings = memoryview(mmap.mmap(self._fd, size)).cast("I")
        entries = memoryview(mmap.mmap(self._fd, 4 * _SQE_WORDS * ENTRIES, offset=_SQES))
        for index in range(ENTRIES):
            rings[at.sq_array // 4 + index] = index
        self._counters = rings
        self._head, self._tail, self._done = at.sq_head // 4, at.sq_tail // 4, at.cq_head // 4
        self._results = rings.cast("B").cast("i")[at.cq_cqes // 4 :]
        self._words, self._addresses = entries.cast("i"), entries.cast("Q")
        self._words[0::_SQE_WORDS] = array("i", [_SEND] * ENTRIES)
        self._words[_FLAGS::_SQE_WORDS] = array("i", [socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL] * ENTRIES)

    def send_each(self, fds: Sequence[int], data: Sequence[bytes]) -> list[int]:
        """As `native.send_each`, but other threads run meanwhile."""
        sent: list[int] = []
        while (first := len(sent)) < len(fds):
            place = self._counters[self._tail] % ENTRIES
            last = first + ENTRIES - place
            sent += self._submit(place, fds[first:last], data[first:last])
        return sent

    def _submit(self, place: int, fds: Sequence[int], data: Sequence[bytes]) -> list[int]:
        """Sends what fits between a place of the ring and its end."""
        count, counters = len(fds), self._counters
        self._set(_FD, place, array("i", fds))
        self._set(_LENGTH, place, array("i", map(len, data)))
        start, end = place * _SQE_WORDS // 2, (place + count) * _SQE_WORDS // 2
        self._addresses[start + _ADDRESS // 2 : end : _SQE_WORDS // 2] = array("Q", _addresses(data))
        counters[self._tail] = (counters[self._tail] + count) % 2**32
        taken = max(0, _syscall(_ENTER, self._fd, count, 0, 0, None, 0))
        counters[self._tail] = counters[self._done] = counters[self._head]
        sent: list[int] = self._results[place * _CQE_WORDS + _RESULT : (place + taken) * _CQE_WORDS : _CQE_WORDS].tolist()
        # The kernel may have no memory for more of them at once.
        return sent + native.send_each(fds[taken:], data[taken:])

    def _set(self, word: int, place: int, values: "array[int]") -> None:
        """A word of as many entries as there are values."""
        self._words[place * _SQE_WORDS + word : (place + len(values)) * _SQE_WORDS : _SQE_WORDS] = values

    def works(self) -> bool:
        """Whether it takes what there is room for, and leaves the rest at once."""
        reader, writer = socket.socketpair()
        piece = bytes(65_536)
        with reader, writer:
            writer.setblocking(False)
            sent = self.send_each([writer.fileno()] * ENTRIES, [piece] * ENTRIES)
            room = sum(size for size in sent if size > 0)
            return sent[0] == len(piece) and sent[-1] == -errno.EAGAIN and len(reader.recv(room, socket.MSG_WAITALL)) == room

    def close(self) -> None:
        os.close(self._fd)


def _addresses(data: Sequence[bytes]) -> Iterator[int]:
    """Where each piece lies. In a fan-out it is the same piece again and again."""
    last, address = b"", 0
    for piece in data:
        if piece is not last:
            last, address = piece, _address_of(piece)
        yield address


def sender() -> Sender:
    """`send_each` for one thread: in one system call, where that is possible."""
    try:
        ring = Ring()
    except (OSError, ValueError):  # ValueError: a kernel that is not Linux's maps less than was asked for
        return native.send_each
    if ring.works():
        return ring.send_each
    ring.close()
    return native.send_each
