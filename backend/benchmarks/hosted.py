"""A server under measurement: a process of its own on a free port, stopped by its id, whatever happens."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.machine import Usage, usage
from crosstalk.launch.processes import die_with_parent

PORTS = range(23_000, 24_000)
_START_S = 30.0
_STOP_S = 3.0
_die_with_us = die_with_parent(signal.SIGKILL)


class HostError(Exception):
    """A server did not come up. Its text is one line."""


def free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise HostError(f"no free port from {PORTS.start} to {PORTS.stop - 1}")


class Hosted:
    def __init__(self, name: str, home: Path, port: int, command: Sequence[str | Path], settings: Mapping[str, str]) -> None:
        self.name = name
        self.port = port
        self._log = home / f"{name}.log"
        # Nobody's settings but these; and what make says to its children is not for a server.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSTALK_", "MAKE", "MFLAGS"))}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=home,
                env=kept | dict(settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_us,
            )

    def wait_until(self, answers: Callable[[int], bool]) -> None:
        deadline = time.monotonic() + _START_S
        while not answers(self.port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = self._log.read_text(errors="replace").strip().splitlines()
                raise HostError(f"{self.name} did not come up: {said[-1] if said else 'it said nothing'}")
            time.sleep(0.02)

    def usage(self) -> Usage:
        return usage(self._process.pid)

    def close(self) -> None:
        """SIGTERM, and after a while SIGKILL, to the process and all that it started."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)


def listens(port: int) -> bool:
    with closing(socket.socket()) as wire:
        return wire.connect_ex(("127.0.0.1", port)) == 0


def is_ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
