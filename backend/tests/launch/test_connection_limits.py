"""Connections fit into the open files that are allowed, and one machine does not keep the others from connecting."""

import json
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path

import pytest

from crosstalk.launch import file_limits
from crosstalk.launch.connection_limits import oldest_of_the_largest
from crosstalk.launch.file_limits import LEAST_FILES, FileBudget, fitted, most_connections, too_few
from crosstalk.launch.gthread import REQUEST_S
from crosstalk.settings import Settings, SettingsError
from raw import RawSocket, ends
from rest import ask
from server import Server, until

Serve = Callable[..., Server]
FILES = 300


def allowed(files: int) -> tuple[str, ...]:
    """A command that runs another with so many open files; root must not raise the limit again."""
    unprivileged = 'if [ "$(id -u)" = 0 ]; then exec setpriv --bounding-set=-sys_resource "$@"; fi; exec "$@"'
    return ("sh", "-c", f"ulimit -Sn {files}; ulimit -Hn {files}; {unprivileged}", "sh")


@pytest.mark.parametrize("files", [256, 300, 1_024, 4_096, 20_000, 25_000, 1_048_576])
@pytest.mark.parametrize("wanted", [1, 100, 12_000, 100_000])
def test_all_connections_and_a_reserve_fit_into_the_files(files: int, wanted: int) -> None:
    budget = FileBudget.fit(wanted, files)
    assert 1 <= budget.live <= wanted
    assert budget.waiting >= 32
    assert budget.live + budget.waiting + 128 <= files
    assert budget.live == wanted or budget.waiting <= budget.live


class Limits:
    """A soft and a hard limit of open files, and whether this process may raise the hard one."""

    def __init__(self, soft: int, hard: int, privileged: bool = False) -> None:
        self.now = (soft, hard)
        self._privileged = privileged

    def set(self, _which: int, limits: tuple[int, int]) -> None:
        soft, hard = limits
        if soft > hard or (hard > self.now[1] and not self._privileged):
            raise ValueError("not allowed to raise maximum limit")
        self.now = limits


@pytest.mark.parametrize(
    ("soft", "hard", "privileged", "live"),
    [
        (1_024, 1_048_576, False, 12_000),
        (1_024, 20_000, False, 12_000),
        (1_024, 4_096, False, 2_766),
        (1_024, 4_096, True, 12_000),
        (1_024, 1_024, False, 672),
        (256, 256, False, 96),
        (30_000, 30_000, False, 12_000),
    ],
)
def test_the_limit_is_raised_as_far_as_is_allowed(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, privileged: bool, live: int
) -> None:
    limits = Limits(soft, hard, privileged)
    monkeypatch.setattr(file_limits.resource, "getrlimit", lambda _which: limits.now)
    monkeypatch.setattr(file_limits.resource, "setrlimit", limits.set)
    settings = Settings(max_connections=12_000)
    fitting, budget = fitted(settings)
    assert fitting.max_connections == budget.live == live
    assert budget.total <= most_connections(limits.now[0])
    line = too_few(settings, budget)
    assert (line is None) is (live == 12_000)
    assert line is None or ("ulimit -n" in line and str(live) in line and "\n" not in line)


def test_where_hardly_any_file_is_allowed_the_server_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    few = LEAST_FILES - 1
    monkeypatch.setattr(file_limits.resource, "getrlimit", lambda _which: (few, few))
    monkeypatch.setattr(file_limits.resource, "setrlimit", Limits(few, few).set)
    with pytest.raises(SettingsError, match="ulimit -n"):
        fitted(Settings())


def test_the_oldest_of_the_largest_network_are_closed_first() -> None:
    held = [("a", 1), ("b", 2), ("a", 3), ("c", 4), ("a", 5), ("a", 6), ("b", 7)]
    assert oldest_of_the_largest(held, 2) == [1, 3]
    assert Counter(oldest_of_the_largest(held, 4)) == Counter([1, 3, 2, 5]), "then those of the next, as it is as large"
    assert sorted(oldest_of_the_largest(held, 99)) == [1, 2, 3, 4, 5, 6, 7]
    assert oldest_of_the_largest([], 3) == []


@pytest.fixture(scope="module")
def crowded(serve_module: Serve) -> Iterator[Server]:
    """A server with 300 open files, and more silent connections to it from 127.0.0.1 than it has room for."""
    server = serve_module(wrapper=allowed(FILES))
    with ExitStack() as held:
        lines = [held.enter_context(closing(silent(server))) for _ in range(2 * FILES)]
        assert ends(lines[0], 20)
        yield server


def silent(server: Server, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20, source_address=(source, 0))


def counted(server: Server, name: str) -> float:
    lines = ask(server.port, "GET", "/metrics").raw.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_what_does_not_fit_is_one_line_at_start(crowded: Server) -> None:
    [line] = [line for line in crowded.errors().splitlines() if "open files" in line]
    assert "only 300 open files are allowed here" in line


def test_silent_connections_of_one_machine_keep_no_other_from_connecting(crowded: Server) -> None:
    worker = crowded.worker_pid
    for _ in range(30):
        with closing(HTTPConnection("127.0.0.1", crowded.port, timeout=20, source_address=("127.0.0.2", 0))) as other:
            other.request("GET", "/healthz")
            assert other.getresponse().status == 200
    live = RawSocket(crowded).open()
    for _ in range(100):
        silent(crowded).close()
    live.close()
    assert crowded.worker_pid == worker
    assert counted(crowded, 'crosstalk_connections_turned_away_total{reason="silent"}') > 0
    logged = [json.loads(line) for line in crowded.log().splitlines() if "sent no complete request" in line]
    assert len(logged) == 1, "once a minute"


def test_an_idle_connection_of_another_network_stays(crowded: Server) -> None:
    with closing(HTTPConnection("127.0.0.1", crowded.port, timeout=20, source_address=("127.0.0.3", 0))) as idle:
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        wire = idle.sock
        with ExitStack() as held:
            for _ in range(FILES):
                held.enter_context(closing(silent(crowded)))
            assert ask(crowded.port, "GET", "/healthz").status == 200
            idle.request("GET", "/healthz")
            assert idle.getresponse().status == 200
        assert idle.sock is wire, "it was not opened anew"


def test_without_a_file_descriptor_the_worker_waits_and_goes_on(serve: Serve) -> None:
    server = serve()
    worker = server.worker_pid
    before = resource.prlimit(worker, resource.RLIMIT_NOFILE)
    resource.prlimit(worker, resource.RLIMIT_NOFILE, (8, before[1]))
    try:
        with ExitStack() as held:
            for _ in range(5):
                held.enter_context(closing(silent(server)))
            until("it says so", lambda: "out of file descriptors" in server.log())
            ticks = cpu_ticks(worker)
            with pytest.raises(TimeoutError):
                held.enter_context(closing(socket.create_connection(("127.0.0.1", server.port), timeout=3))).recv(1)
            assert cpu_ticks(worker) - ticks < 150, "in three seconds, of which a busy loop would use all"
    finally:
        resource.prlimit(worker, resource.RLIMIT_NOFILE, before)
    assert ask(server.port, "GET", "/healthz").status == 200
    assert server.worker_pid == worker
    assert server.log().count("out of file descriptors") == 1
    assert counted(server, 'crosstalk_connections_turned_away_total{reason="files"}') >= 1


def cpu_ticks(pid: int) -> int:
    """Hundredths of a second."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_a_request_that_begins_on_an_idle_connection_has_no_longer_than_a_first_one(serve: Serve) -> None:
    server = serve(keepalive_s="600")
    with closing(silent(server)) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(4_096).startswith(b"HTTP/1.1 200 ")
        line.sendall(b"GET /heal")
        assert ends(line, REQUEST_S + 10)


def test_an_idle_connection_stays_as_long_as_is_set(serve: Serve) -> None:
    server = serve(keepalive_s="2")
    with closing(silent(server)) as line:
        line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert line.recv(4_096).startswith(b"HTTP/1.1 200 ")
        idle = time.monotonic()
        assert ends(line, 20)
        assert time.monotonic() - idle > 1.9
