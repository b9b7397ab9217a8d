"""Many sends in one system call do what the same sends do one by one."""

import ctypes
import errno
import random
import socket
from collections.abc import Iterator

import pytest

from fastlane import native, ring

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def io_uring() -> Iterator[ring.Ring]:
    try:
        one = ring.Ring()
    except OSError as refused:
        pytest.skip(f"there is no io_uring here: {refused}")
    yield one
    one.close()


@pytest.fixture
def pairs() -> Iterator[list[Pair]]:
    both = [socket.socketpair() for _ in range(20)]
    for writer, _ in both:
        writer.setblocking(False)
    yield both
    for writer, reader in both:
        writer.close()
        reader.close()


def test_every_socket_gets_its_own_bytes_in_their_order_however_many_there_are_at_once(
    io_uring: ring.Ring, pairs: list[Pair], rng: random.Random
) -> None:
    expected = [b"" for _ in pairs]
    for _ in range(40):
        chosen = [rng.randrange(len(pairs)) for _ in range(rng.choice((0, 1, 3, 64, 255, 256, 257, 700)))]
        data = [rng.randbytes(rng.choice((1, 7, 60))) for _ in chosen]
        assert io_uring.send_each([pairs[index][0].fileno() for index in chosen], data) == list(map(len, data))
        for index, piece in zip(chosen, data, strict=True):
            expected[index] += piece
        for (_, reader), whole in zip(pairs, expected, strict=True):
            assert not whole or reader.recv(len(whole), socket.MSG_WAITALL) == whole
        expected = [b"" for _ in pairs]


@pytest.mark.parametrize("way", ["ring", "native"])
def test_what_cannot_be_sent_is_refused_at_once_and_holds_up_nobody(io_uring: ring.Ring, pairs: list[Pair], way: str) -> None:
    send_each = io_uring.send_each if way == "ring" else native.send_each
    (full, reader), (gone, other_end), (well, hears), *_ = pairs
    other_end.close()
    most = 1 << 22
    taken, after, dead, sent = send_each(
        [full.fileno(), full.fileno(), gone.fileno(), well.fileno()], [bytes(most), b"more", b"to nobody", b"to somebody"]
    )
    assert 0 < taken < most, "the kernel takes what it has room for"
    assert after < 0
    assert dead < 0
    assert sent == len(b"to somebody")
    assert hears.recv(100) == b"to somebody"
    assert len(reader.recv(taken, socket.MSG_WAITALL)) == taken


def test_the_ring_says_what_is_wrong_with_each(io_uring: ring.Ring, pairs: list[Pair]) -> None:
    (gone, other_end), (well, _), *_ = pairs
    other_end.close()
    closed = socket.socket()
    nowhere = closed.fileno()
    closed.close()
    assert io_uring.send_each([gone.fileno(), nowhere, well.fileno()], [b"a", b"b", b"c"]) == [-errno.EPIPE, -errno.EBADF, 1]


def test_what_a_kernel_does_not_take_at_once_is_sent_one_by_one(
    io_uring: ring.Ring, pairs: list[Pair], monkeypatch: pytest.MonkeyPatch
) -> None:
    enter = ring._syscall

    def takes_two(number: int, fd: int, count: int, *more: object) -> int:
        return int(enter(number, fd, min(2, count), *more))

    monkeypatch.setattr(ring, "_syscall", takes_two)
    for _ in range(200):
        data = [f"piece {index}".encode() for index in range(5)]
        assert io_uring.send_each([writer.fileno() for writer, _ in pairs[:5]], data) == list(map(len, data))
        assert [reader.recv(100) for _, reader in pairs[:5]] == data


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EPERM, errno.ENOMEM])
def test_a_kernel_without_io_uring_gets_one_call_for_each(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(number: int, *_: object) -> int:
        ctypes.set_errno(code)
        return -1

    monkeypatch.setattr(ring, "_syscall", refused)
    assert ring.sender() is native.send_each


def test_a_ring_that_does_not_do_what_it_should_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring.Ring, "send_each", lambda _self, fds, _data: [-errno.EINVAL] * len(fds))
    assert ring.sender() is native.send_each
