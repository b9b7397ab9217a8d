"""A `crosstalk serve` of its own for the tests: a real process on a free port, with its database and its log."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from functools import cache
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from typing import IO, Any, TypeVar

from crosstalk.launch.processes import die_with_parent
from fork_server import Process, fork_server

Seen = TypeVar("Seen")

_die_with_the_tests = die_with_parent(signal.SIGKILL)
# Each test process has its own: between a port that is found free and a server that listens on it, another could take it.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(25_000 + _WORKER % 10 * 100, 25_100 + _WORKER % 10 * 100)
START_S = 60.0
PAGE = "http://localhost:5173"
"""The origin that the tests' servers allow."""


def until(what: str, look: Callable[[], Seen], seconds: float = 15.0) -> Seen:
    """The first true thing that `look` sees; fails with `what` when that does not come."""
    deadline = time.monotonic() + seconds
    between = threading.Event()
    while not (seen := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        between.wait(0.01)
    return seen


@cache
def _ports() -> Iterator[int]:
    """All of PORTS in turn: one that was handed out, and is not in use yet, is handed out again last."""
    return cycle(random.sample(PORTS, len(PORTS)))


def free_port() -> int:
    """A port of this test process on which nothing listens."""
    for port in islice(_ports(), len(PORTS)):
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"no free port in {PORTS}")


def is_ready(port: int) -> bool:
    with closing(HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def clean_environment(**settings: str) -> dict[str, str]:
    """The environment without anybody's settings, and with these."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CROSSTALK_")}
    return kept | {f"CROSSTALK_{name.upper()}": value for name, value in settings.items()}


class Server:
    """Started anew after `kill`, it has the same port and the same database: to its clients it is the same server."""

    def __init__(self, home: Path, *, wrapper: tuple[str, ...] = (), executed: bool = False, **settings: str) -> None:
        """Forked from a process that has imported the application, unless it is to be `executed`.

        `wrapper` is a command that executes the one behind it: `("sh", "-c", 'ulimit -n 300; exec "$@"', "sh")`.
        """
        self._wrapper = wrapper
        self._is_executed = executed or bool(wrapper) or "async_mode" in settings
        self.home = home
        self.database = home / "crosstalk.db"
        self.log_file = home / "stdout.log"
        self.error_file = home / "stderr.log"
        self._settings = {
            "database_url": f"sqlite:///{self.database}",
            "rate_limits": "off",
            "allowed_origins": PAGE,
            **settings,
        }
        self._process: Process | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> "Server":
        """Starts, on the first free port when it has none yet, and returns when it is ready."""
        for port in [self.port] if self.port else islice(_ports(), len(PORTS)):
            self.port = port
            if self._answers_on(port):
                return self
        raise AssertionError(f"no free port in {PORTS}")

    def _answers_on(self, port: int) -> bool:
        """True when the server is ready there; False when the port is another program's."""
        environment = clean_environment(port=str(port), **self._settings)
        with self.log_file.open("ab") as log, self.error_file.open("ab") as errors:
            told = errors.tell()
            if self._is_executed:
                self._process = self._execute(environment, log, errors)
            else:
                self._process = fork_server().serve(cwd=self.home, env=environment, stdout=log, stderr=errors)
        deadline = time.monotonic() + START_S
        between = threading.Event()
        while time.monotonic() < deadline:
            said = self.error_file.read_bytes()[told:].decode()
            if self._process.poll() is not None:
                assert f"port {port} is taken" in said, f"the server ended: {said}\n{self.log()}"
                return False
            # Its own word first: another server may be answering on this port.
            if "the API answers on" in said and is_ready(self.port):
                return True
            between.wait(0.02)
        raise AssertionError(f"the server was not ready within {START_S} s\n{self.log()}")

    def _execute(self, environment: dict[str, str], log: IO[bytes], errors: IO[bytes]) -> Process:
        return subprocess.Popen(
            [*self._wrapper, sys.executable, "-m", "crosstalk", "serve"],
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=errors,
            start_new_session=True,
            preexec_fn=_die_with_the_tests,
        )

    def kill(self) -> None:
        """kill -9, master and worker: nobody is told, nothing is put in order."""
        self._end(signal.SIGKILL)

    @property
    def master_pid(self) -> int:
        """The process that was started."""
        assert self._process is not None
        return self._process.pid

    @property
    def worker_pid(self) -> int:
        """The process that serves, a child of the one that was started."""
        master = self.master_pid
        [worker] = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return int(worker)

    def kill_worker(self) -> None:
        """kill -9 to the process that serves; the one that was started begins another."""
        worker = self.worker_pid
        os.kill(worker, signal.SIGKILL)
        until("the worker is gone", lambda: not Path(f"/proc/{worker}").exists())

    def stop(self) -> int:
        """SIGTERM to the process that was started. Returns its exit status."""
        process = self._process
        assert process is not None
        process.terminate()
        status = process.wait(30)
        self._process = None
        return status

    def _end(self, sig: signal.Signals) -> None:
        if self._process is not None:
            # The worker's process is in the same group.
            os.killpg(self._process.pid, sig)
            self._process.wait(15)
            self._process = None

    def restart(self) -> "Server":
        self.kill()
        return self.start()

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def log(self) -> str:
        return self.log_file.read_text()

    def errors(self) -> str:
        return self.error_file.read_text()

    @property
    def key_file(self) -> Path:
        return self.database.with_suffix(".keys.json")

    @property
    def signing_key(self) -> str:
        """The key that signs access tokens."""
        key: str = json.loads(self.key_file.read_text())["signing"][0]["key"]
        return key

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What stands in the database, read past the server."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as connection:
            return connection.execute(sql, values).fetchall()
