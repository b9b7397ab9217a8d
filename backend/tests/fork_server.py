"""Starts `crosstalk serve` without importing it anew: a process that has imported the application forks one for each server.

An import costs a second of CPU time, a fork a few milliseconds. What is forked runs the same command, in a session of its own,
as `crosstalk run` does with its API. Tests of the start itself execute the command: `Server(home, executed=True)`.
"""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import closing
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import IO, Protocol

_LONGEST_REQUEST = 1 << 17


class Process(Protocol):
    """What the tests need of a server's process. `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


class Forked:
    """A child of the fork server. Its exit status is as in `subprocess`: negative for the signal that ended it."""

    def __init__(self, pid: int, ending: socket.socket) -> None:
        self.pid = pid
        self._ending = ending
        self._status: int | None = None

    def poll(self) -> int | None:
        return self._read(0.0)

    def wait(self, timeout: float | None = None) -> int:
        if (status := self._read(timeout)) is None:
            raise subprocess.TimeoutExpired("crosstalk serve", timeout or 0.0)
        return status

    def terminate(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)

    def _read(self, timeout: float | None) -> int | None:
        if self._status is None:
            self._ending.settimeout(timeout)
            try:
                said = self._ending.recv(64)
            except (TimeoutError, BlockingIOError):
                return None
            assert said, "the fork server has ended"
            self._status = int(said)
            self._ending.close()
        return self._status


class ForkServer:
    """One for each test process; it ends with it."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with closing(theirs):
            # -P: the folders of the tests have names of the standard library.
            command = [sys.executable, "-P", __file__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])

    def serve(self, *, cwd: Path, env: dict[str, str], stdout: IO[bytes], stderr: IO[bytes]) -> Forked:
        """Begins `crosstalk serve` with this environment in this folder."""
        ending, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with closing(theirs):
            request = json.dumps({"cwd": str(cwd), "env": env}).encode()
            socket.send_fds(self._requests, [request], [stdout.fileno(), stderr.fileno(), theirs.fileno()])
        pid = ending.recv(64)
        assert pid, "the fork server has ended"
        return Forked(int(pid), ending)


@cache
def fork_server() -> ForkServer:
    """The one of this test process, started when it is first needed."""
    return ForkServer()


# ── in the fork server's process ──


def _preload() -> None:
    """Imports what a server imports before it answers, and keeps the collector from copying it in every fork."""
    for module in (
        "crosstalk.launch.serve",
        "crosstalk.launch.threads",
        "engineio.async_drivers.threading",
        "simple_websocket",
    ):
        import_module(module)
    import_module("crosstalk.features").declare()
    gc.collect()
    gc.freeze()


def _listen(requests: socket.socket) -> None:
    """Forks a server for each request, until the tests have ended. Returns in each of the forked processes."""
    from crosstalk.launch.processes import die_with_parent

    die_with_fork_server = die_with_parent(signal.SIGKILL)
    endings: dict[int, socket.socket] = {}

    def reap(_number: int, _frame: object) -> None:
        while endings:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with endings.pop(pid) as ending:
                ending.send(str(os.waitstatus_to_exitcode(status)).encode())

    signal.signal(signal.SIGCHLD, reap)
    while True:
        request, files, _, _ = socket.recv_fds(requests, _LONGEST_REQUEST, 3)
        if not request:
            os._exit(0)
        stdout, stderr, told = files
        ending = socket.socket(fileno=told)
        # An ending that came before its server is written down would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        pid = os.fork()
        if pid == 0:
            break
        endings[pid] = ending
        ending.send(str(pid).encode())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
        os.close(stdout)
        os.close(stderr)

    os.setsid()
    die_with_fork_server()
    for other in (requests, ending, *endings.values()):
        other.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    wanted = json.loads(request)
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])


if __name__ == "__main__":
    _preload()
    _listen(socket.socket(fileno=int(sys.argv[1])))

    from crosstalk.cli import main

    main(["serve"], prog_name="crosstalk")
