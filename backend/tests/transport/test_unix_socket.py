"""gunicorn on a Unix socket, as it stands behind nginx on one machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crosstalk.launch.processes import die_with_parent
from raw import RawPolling
from relay import Relay, to_unix_socket
from rest import ask
from server import clean_environment, is_ready, until
from transport.paths import ROOT
from transport.watch import sockets
from transport.wire import Wire, reset

WEBSOCKETS = 8


class OnUnixSocket:
    """The API on a Unix socket, and a TCP port that leads to it."""

    def __init__(self, home: Path) -> None:
        path = home / "api.sock"
        self.output = home / "output.log"
        settings = {"database_url": f"sqlite:///{home}/crosstalk.db"}
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("gunicorn"),
                    "-c",
                    ROOT / "deploy" / "gunicorn-threads.py",
                    "-b",
                    f"unix:{path}",
                    "crosstalk.wsgi:app",
                ],
                cwd=home,
                env=clean_environment(**settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=die_with_parent(15),
            )
        until("gunicorn listens", lambda: path.exists() or self._process.poll() is not None, 60)
        assert self._process.poll() is None, self.log()
        self.relay = Relay(to_unix_socket(str(path)))
        self.port = self.relay.port
        until("it is ready", lambda: is_ready(self.port), 60)

    @property
    def worker(self) -> int:
        master = self._process.pid
        [worker] = Path(f"/proc/{master}/task/{master}/children").read_text().split()
        return int(worker)

    def log(self) -> str:
        return self.output.read_text(errors="replace")

    def close(self) -> None:
        self.relay.close()
        self._process.terminate()
        self._process.wait(15)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OnUnixSocket]:
    started = OnUnixSocket(tmp_path)
    yield started
    started.close()


@pytest.mark.timeout(120)
def test_websockets_and_waiting_polls_work_and_leave_no_descriptor(server: OnUnixSocket) -> None:
    Wire(server.port).enter().close()
    until("it is gone", lambda: _connections(server) == 0)
    before = sockets(server.worker)
    wires = [Wire(server.port).enter() for _ in range(WEBSOCKETS)]
    line = RawPolling(server)  # type: ignore[arg-type]
    line.post("40")
    line.until('42["my response"')
    waiting = line.begin_poll()
    assert all(wire.is_whole() for wire in wires)
    line.post('42["my event","over a Unix socket"]')
    assert b"over a Unix socket" in waiting.getresponse().read()
    assert sockets(server.worker) >= WEBSOCKETS
    for wire in wires:
        reset(wire.raw)
    line.post("1")
    until("every descriptor is closed", lambda: sockets(server.worker) <= before)
    assert "Traceback" not in server.log(), server.log()


def _metrics(server: OnUnixSocket) -> str:
    return ask(server.port, "GET", "/metrics").raw.decode()


def _connections(server: OnUnixSocket) -> float:
    lines = [line for line in _metrics(server).splitlines() if line.startswith("crosstalk_connections{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)
