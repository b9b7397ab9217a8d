"""The ways to serve a live connection, each as a process of its own: Crosstalk with the loop and without, a plain Flask app."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from crosstalk.launch.processes import die_with_parent
from rest import ask
from server import PAGE, PORTS, START_S, Server, clean_environment, is_ready

ROOT = Path(__file__).parents[3]
BESIDE = {"ping_interval": "1", "ping_timeout": "1.5"}
"""The settings under which all paths are tested: a silent peer is noticed within the patience of a test."""


class Running(Protocol):
    """A server as the tests need it. `server.Server` has all of it but the process that serves."""

    port: int

    @property
    def url(self) -> str: ...

    @property
    def worker(self) -> int:
        """The process that owns the sockets."""

    def log(self) -> str:
        """All that it printed."""

    def close(self) -> None: ...


class Crosstalk(Server):
    """`crosstalk serve`, which has a master and a worker."""

    @property
    def worker(self) -> int:
        assert self._process is not None
        master = self._process.pid
        [worker] = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return int(worker)

    def log(self) -> str:
        return super().log() + self.errors()


class Plain:
    """A Flask app on `fastlane.SocketIO` (plain_app.py), under one of the servers that the loop takes sockets from."""

    def __init__(self, home: Path, kind: str, **settings: str) -> None:
        self._kind = kind
        self._output = home / "output.log"
        self._home = home
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> "Plain":
        for port in random.sample(PORTS, len(PORTS)):
            self.port = port
            if self._answers():
                return self
        raise AssertionError(f"no free port in {PORTS}:\n{self.log()}")

    def _answers(self) -> bool:
        environment = clean_environment() | {
            "PLAIN_SETTINGS": json.dumps(self._settings),
            "PLAIN_ORIGINS": f"{PAGE} {self.url}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "backend"), str(Path(__file__).parent)]),
        }
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [*_COMMANDS[self._kind](self.port)],
                cwd=self._home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        deadline = time.monotonic() + START_S
        between = threading.Event()
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                assert "in use" in self.log(), self.log()
                return False
            # Its own word first: another server may be answering on this port.
            if "the plain app is there" in self.log() and is_ready(self.port):
                return True
            between.wait(0.02)
        raise AssertionError(f"{self._kind} was not ready within {START_S} s:\n{self.log()}")

    @property
    def worker(self) -> int:
        assert self._process is not None
        found = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(found[0]) if found else self._process.pid

    def log(self) -> str:
        return self._output.read_text(errors="replace")

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(15)


def _gunicorn(python: Path, *more: str) -> Callable[[int], list[str]]:
    return lambda port: [str(python.parent / "gunicorn"), "-b", f"127.0.0.1:{port}", *more, "plain_app:app"]


_GEVENT = ROOT / ".venvs" / "gevent" / "bin" / "python"
_COMMANDS: dict[str, Callable[[int], list[str]]] = {
    "werkzeug": lambda port: [sys.executable, "-m", "plain_app", str(port)],
    "gthread": _gunicorn(Path(sys.executable), "-k", "gthread", "--threads", "8"),
    "gunicorn-gevent": _gunicorn(_GEVENT, "-k", "gevent"),
    "gevent": lambda port: [str(_GEVENT), "-m", "gevent.monkey", "--module", "plain_app", str(port)],
}


@dataclass(frozen=True)
class ServedBy:
    """One path. `begin(home, **settings)` starts a server on it."""

    name: str
    begin: Callable[..., Running]
    loop: bool = True
    """Whether the loop owns the WebSockets there."""
    chat: bool = True
    """Whether it is Crosstalk, with people and rooms."""


def _crosstalk(switch: str) -> Callable[..., Running]:
    def begin(home: Path, **settings: str) -> Running:
        started = Crosstalk(home, fastlane=switch, **settings)
        started.start()
        return started

    return begin


def _plain(kind: str) -> Callable[..., Running]:
    return lambda home, **settings: Plain(home, kind, **settings).start()


PATHS = {
    one.name: one
    for one in (
        ServedBy("on", _crosstalk("on")),
        ServedBy("off", _crosstalk("off"), loop=False),
        *(ServedBy(f"plain-{kind}", _plain(kind), chat=False) for kind in _COMMANDS),
    )
}


def connections_of(server: Running) -> int:
    """How many Engine.IO connections it says it has."""
    lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
    return int(sum(float(one.rpartition(" ")[2]) for one in lines if one.startswith("crosstalk_connections{")))
