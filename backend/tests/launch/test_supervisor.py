"""`crosstalk run` and `crosstalk serve` as real processes: what is killed comes back, what is stopped leaves nothing."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import TypeVar

import pytest
from simple_websocket import Client, ConnectionClosed

Seen = TypeVar("Seen")


def until(what: str, look: Callable[[], Seen], seconds: float = 45.0) -> Seen:
    """The first true thing that `look` sees."""
    deadline = time.monotonic() + seconds
    between = threading.Event()
    while not (seen := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {seconds} s: {what}")
        between.wait(0.01)
    return seen


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str) -> str | None:
    """The body of a good answer; None when there is none."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            answer = connection.getresponse()
        except OSError:
            return None
        return answer.read().decode() if answer.status == 200 else None


def is_free(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def processes() -> Iterator[tuple[int, str]]:
    """Every process that runs: its id, and its line in /proc after the name: state, parent, group, session, …"""
    for entry in Path("/proc").iterdir():
        with suppress(OSError):  # it ended while we looked
            if entry.name.isdigit():
                stat = (entry / "stat").read_text().rpartition(") ")[2]
                if not stat.startswith("Z"):
                    yield int(entry.name), stat


def listeners(port: int) -> list[int]:
    """The processes that hold a listening socket on the port, parents first."""
    table = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    wanted = {f"socket:[{row[9]}]" for row in table if int(row[1].partition(":")[2], 16) == port and row[3] == "0A"}
    return sorted(pid for pid, _ in processes() if wanted & open_files(pid))


def open_files(pid: int) -> set[str]:
    found = set()
    with suppress(OSError):
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.add(str(entry.readlink()))
    return found


class Running:
    """A `crosstalk` command in a session of its own, in a folder of its own, on free ports."""

    def __init__(self, folder: Path, *words: str, **settings: str) -> None:
        (folder / "frontend/dist").mkdir(parents=True, exist_ok=True)
        (folder / "frontend/dist/index.html").write_text("<!doctype html><title>the page</title>")
        self.folder = folder
        self.port, self.page_port = free_port(), free_port()
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CROSSTALK_", "MAKE"))}
        ports = {"CROSSTALK_PORT": str(self.port), "CROSSTALK_PAGE_PORT": str(self.page_port)}
        with (folder / "said").open("wb") as said, (folder / "complained").open("wb") as complained:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "crosstalk", *words],
                cwd=folder,
                env={**inherited, **ports, **settings},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=complained,
                start_new_session=True,
            )

    def said(self) -> str:
        return (self.folder / "said").read_text()

    def complained(self) -> str:
        return (self.folder / "complained").read_text()

    def is_up(self) -> None:
        until("the API answers", lambda: get(self.port, "/healthz") or self.process.poll() is not None)
        assert self.process.poll() is None, self.complained()

    def is_up_with_page(self) -> None:
        until("both addresses are printed", lambda: "Ctrl-C" in self.said() or self.process.poll() is not None)
        assert self.process.poll() is None, self.complained()

    def left_over(self) -> list[int]:
        """What still runs of all that it has started."""
        return [pid for pid, stat in processes() if int(stat.split()[3]) == self.process.pid]


@contextmanager
def running(folder: Path, *words: str, **settings: str) -> Iterator[Running]:
    started = Running(folder, *words, **settings)
    try:
        yield started
    finally:
        for pid in started.left_over():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        started.process.wait()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("both"), "run") as started:
        started.is_up_with_page()
        yield started


def test_the_page_is_served_with_the_address_of_the_api(both: Running) -> None:
    assert "the page" in (get(both.page_port, "/") or "")
    assert json.loads(get(both.page_port, "/config.json") or "") == {"api": f"http://localhost:{both.port}"}
    assert f"http://localhost:{both.page_port}" in both.said()
    assert f"http://localhost:{both.port}" in both.said()


@pytest.mark.parametrize("which", [0, -1], ids=["first", "last"])
def test_an_api_that_is_killed_answers_again_within_two_seconds_and_the_terminal_says_so(both: Running, which: int) -> None:
    until("both processes of the API listen", lambda: len(listeners(both.port)) == 2)
    holders = listeners(both.port)
    before = len(both.said() + both.complained())
    os.kill(holders[which], signal.SIGKILL)
    until("another process answers", lambda: set(listeners(both.port)) != set(holders) and get(both.port, "/healthz"), 2)
    until("the terminal says so", lambda: "start" in (both.said() + both.complained())[before:])


def test_a_page_server_that_is_killed_answers_again(both: Running) -> None:
    (holder,) = listeners(both.page_port)
    os.kill(holder, signal.SIGKILL)
    until("another process answers", lambda: holder not in listeners(both.page_port) and get(both.page_port, "/"), 2)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_also_when_it_comes_twice(tmp_path: Path, number: signal.Signals) -> None:
    with running(tmp_path, "run") as started:
        started.is_up_with_page()
        os.killpg(started.process.pid, number)
        os.kill(started.process.pid, number)
        assert started.process.wait(8) == 0
        assert started.left_over() == []


def test_a_signal_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    with running(tmp_path, "run") as started:
        until("it prepares", lambda: "preparing" in started.said())
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(8) == 0
        assert started.left_over() == []


def test_a_supervisor_that_is_killed_takes_everything_with_it(tmp_path: Path) -> None:
    with running(tmp_path, "run") as started:
        started.is_up_with_page()
        started.process.kill()
        until("nothing is left", lambda: started.process.poll() is not None and not started.left_over(), 2)


@pytest.mark.parametrize("setting", ["CROSSTALK_PORT", "CROSSTALK_PAGE_PORT"])
def test_a_taken_port_is_one_line_with_the_port_and_the_setting(tmp_path: Path, setting: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = str(other.getsockname()[1])
        with running(tmp_path, "run", **{setting: taken}) as started:
            assert started.process.wait(20) != 0
            (line,) = (started.said() + started.complained()).splitlines()
            assert taken in line
            assert setting in line
            assert is_free(started.page_port if setting == "CROSSTALK_PORT" else started.port)


@pytest.mark.parametrize("command", ["run", "serve"])
def test_a_bad_setting_is_one_line_and_nothing_listens(tmp_path: Path, command: str) -> None:
    with running(tmp_path, command, CROSSTALK_PING_INTERVAL="soon") as started:
        assert started.process.wait(20) == 2
        (line,) = (started.said() + started.complained()).splitlines()
        assert "CROSSTALK_PING_INTERVAL" in line
        assert "soon" in line
        assert is_free(started.port)


def test_an_api_that_cannot_start_ends_the_run(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with running(tmp_path, "run", CROSSTALK_DATABASE_URL=f"sqlite:///{tmp_path}/file/crosstalk.db") as started:
        assert started.process.wait(15) != 0
        assert "before it answered" in started.said()
        assert started.left_over() == []


def test_a_log_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("not a folder")
    with running(tmp_path, "run", CROSSTALK_DATABASE_URL=f"sqlite:///{tmp_path}/crosstalk.db") as started:
        assert started.process.wait(30) == 2
        [line] = started.complained().splitlines()
        assert "var/log/api.log" in line
        assert started.left_over() == []


def test_serving_on_a_taken_port_is_one_line_with_the_port_and_the_setting(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        taken = str(other.getsockname()[1])
        with running(tmp_path, "serve", CROSSTALK_PORT=taken) as started:
            assert started.process.wait(20) != 0
            (line,) = (started.said() + started.complained()).splitlines()
            assert taken in line
            assert "CROSSTALK_PORT" in line


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_serving_api_ends_within_five_seconds_though_a_hundred_sockets_are_open(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running(tmp_path, "serve") as started, ExitStack() as clients:
        started.is_up()
        address = f"ws://127.0.0.1:{started.port}/socket.io/?EIO=4&transport=websocket"
        for _ in range(100):
            clients.enter_context(opened_socket(address))
        started.process.send_signal(number)
        assert started.process.wait(5) == 0
        assert started.left_over() == []
        assert is_free(started.port)


# ── pages and their origins ──


def ask_as(port: int, origin: str, path: str = "/api/rooms") -> tuple[int, str | None]:
    """The status, and whether the answer lets the page read it."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("OPTIONS", path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        answer = connection.getresponse()
        return answer.status, answer.getheader("Access-Control-Allow-Origin")


def test_the_page_is_allowed_beside_the_listed_ones_and_the_terminal_shows_who_is(tmp_path: Path) -> None:
    other = "http://localhost:6180"
    with running(tmp_path, "run", CROSSTALK_ALLOWED_ORIGINS=other) as started:
        started.is_up_with_page()
        page = f"http://localhost:{started.page_port}"
        for allowed in (page, other):
            assert ask_as(started.port, allowed) == (200, allowed)
        said = started.said()
        assert f"page     {page}\n" in said
        assert f"docs     http://localhost:{started.port}/docs\n" in said
        assert f"origins  {other}, {page}\n" in said
        assert started.complained() == ""

        refused = "http://localhost:6181"
        for _ in range(3):
            assert ask_as(started.port, refused) == (403, None)
        until("the terminal names it", started.complained)
        assert ask_as(started.port, "http://localhost:6182")[0] == 403
        until("the terminal names the next one", lambda: "6182" in started.complained())
        first, second = started.complained().splitlines()
        assert first.startswith(f"crosstalk: refused the origin {refused}: ")
        assert "the port differs" in first
        assert "CROSSTALK_ALLOWED_ORIGINS" in first
        assert "6182" in second


def test_a_page_for_other_machines_finds_its_api_and_is_allowed(tmp_path: Path) -> None:
    with running(tmp_path, "run", CROSSTALK_PAGE_HOST="127.0.0.2") as started:
        started.is_up_with_page()
        page, api = f"http://127.0.0.2:{started.page_port}", f"http://127.0.0.2:{started.port}"
        assert f"page     {page}\n" in started.said()
        assert f"API      {api} " in started.said()
        assert json.loads(body_at("127.0.0.2", started.page_port, "/config.json")) == {"api": api}
        assert is_free(started.page_port), "the page listens on the address that was asked for, alone"
        with closing(HTTPConnection("127.0.0.2", started.port, timeout=10)) as connection:
            connection.request("GET", "/readyz", headers={"Origin": page})
            answer = connection.getresponse()
            assert (answer.status, answer.getheader("Access-Control-Allow-Origin")) == (200, page)


def body_at(host: str, port: int, path: str, **headers: str) -> str:
    with closing(HTTPConnection(host, port, timeout=10)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().read().decode()


def test_a_page_on_every_address_names_the_api_by_the_host_that_the_browser_uses(tmp_path: Path) -> None:
    with running(tmp_path, "run", CROSSTALK_PAGE_HOST="0.0.0.0") as started:
        started.is_up_with_page()
        name = socket.gethostname().lower()
        for host, api in (
            (f"{name}:{started.page_port}", name),
            ("10.1.2.3", "10.1.2.3"),
            ("", "localhost"),
            ("a b<c>", "localhost"),
        ):
            config = json.loads(body_at("127.0.0.1", started.page_port, "/config.json", Host=host))
            assert config == {"api": f"http://{api}:{started.port}"}
        page = f"http://{name}:{started.page_port}"
        assert page in started.said()
        for origin in (page, f"http://127.0.0.1:{started.page_port}", f"http://localhost:{started.page_port}"):
            assert ask_as(started.port, origin) == (200, origin)
        assert ask_as(started.port, f"http://10.1.2.3:{started.page_port}")[0] == 403


@contextmanager
def opened_socket(address: str) -> Iterator[Client]:
    client = Client(address)
    try:
        yield client
    finally:
        with suppress(ConnectionClosed, OSError):  # the server has closed it: that is what was wanted
            client.close()
