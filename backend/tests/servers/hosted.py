"""One server of the list as a process: with its port, its database and what it printed."""

import os
import random
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from roster import Host

from crosstalk.launch.processes import die_with_parent
from server import PAGE, clean_environment, is_ready

# Each test process has its own, as in tests/server.py.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(24000 + _WORKER % 4 * 250, 24250 + _WORKER % 4 * 250)
START_S = 30.0
END_S = 10.0

_die_with_the_tests = die_with_parent(signal.SIGKILL)


@dataclass(frozen=True)
class Ending:
    status: int
    seconds: float


class Hosted:
    """Has what `people.Person` needs of a server: `url` and `port`. Started again, it keeps both and its database."""

    def __init__(self, host: Host, home: Path, *, command: tuple[str, ...] | None = None, **settings: str) -> None:
        self.host = host
        self.home = home
        self.output = home / "output.log"
        self.output.touch()
        self._command = command or host.command
        self._settings = {
            "database_url": f"sqlite:///{home}/crosstalk.db",
            "allowed_origins": PAGE,
            # The silence of the slow row is longer than an interval.
            "ping_interval": "3",
            "ping_timeout": "3",
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def begin(self) -> None:
        """Starts it and does not wait."""
        folder = self.host.folder / "bin"
        assert self.host.is_there, f"there is no {folder}: scripts/server-env.sh {self.host.environment}, or make test-servers"
        environment = clean_environment(port=str(self.port), **self._settings)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [folder / self._command[0], *(part.replace("{port}", str(self.port)) for part in self._command[1:])],
                cwd=self.home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_the_tests,
            )

    def start(self) -> "Hosted":
        """Starts it and returns when it is ready."""
        self.begin()
        assert self.process is not None
        deadline = time.monotonic() + START_S
        between = threading.Event()
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"{self.host.name} ended:\n{self.log()}"
            if is_ready(self.port):
                return self
            between.wait(0.05)
        raise AssertionError(f"{self.host.name} was not ready within {START_S} s:\n{self.log()}")

    def wait(self, seconds: float) -> int:
        """The exit status; it must end by itself within the time."""
        assert self.process is not None
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.host.name} still ran after {seconds} s:\n{self.log()}") from None

    def stop(self) -> Ending:
        """SIGTERM to the process that was started, as a supervisor does it."""
        assert self.process is not None
        self.process.terminate()
        began = time.monotonic()
        return Ending(self.wait(END_S), time.monotonic() - began)

    def is_listening(self) -> bool:
        with closing(socket.socket()) as wire:
            return wire.connect_ex(("127.0.0.1", self.port)) == 0

    def has_processes(self) -> bool:
        """Whether any process is left of those that it started."""
        assert self.process is not None
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)


Begin = Callable[..., Hosted]
"""Prepares a server of one test's own: `begin(host, rate_limits="off")`."""


def _free_port() -> int:
    for port in random.sample(PORTS, len(PORTS)):
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port
    raise AssertionError(f"no free port in {PORTS}")
