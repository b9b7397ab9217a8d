"""What surrounds the server: folders it may not write, signals, systemd's sockets, and servers that it does not know."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from crosstalk.launch import hooks
from crosstalk.launch.processes import die_with_parent
from crosstalk.settings import Settings
from rest import ask
from server import Server, clean_environment, is_ready, until

Serve = Callable[..., Server]
ROOT = Path(__file__).parents[3]
_die_with_the_tests = die_with_parent(signal.SIGKILL)
UNKNOWN = """
from crosstalk.wsgi import app
from wsgiref.simple_server import make_server
make_server("127.0.0.1", {port}, app).serve_forever()
"""
PACKAGED = """
from importlib import import_module
def serve():
    import_module("crosstalk.wsgi")
"""


@contextmanager
def ran(home: Path, *command: str, **more: object) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, ended with everything that it starts."""
    settings = {"database_url": f"sqlite:///{home}/crosstalk.db", **{name: str(value) for name, value in more.items()}}
    environment = clean_environment(**settings) | {"PYTHONPATH": os.pathsep.join((str(home), str(ROOT / "backend")))}
    process = subprocess.Popen(
        command, cwd=home, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=_die_with_the_tests,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate(timeout=20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (UNKNOWN, "this program is no server"),
        ("import hypothetical_server\nhypothetical_server.serve()\n", "hypothetical_server is no server"),
    ],
    ids=["wsgiref", "a package"],
)
def test_a_server_that_is_not_known_is_refused_in_one_line(tmp_path: Path, program: str, named: str) -> None:
    (tmp_path / "hypothetical_server.py").write_text(PACKAGED)
    port = free_port()
    with ran(tmp_path, sys.executable, "-c", program.replace("{port}", str(port))) as process:
        said, complained = process.communicate(timeout=50)
    assert process.returncode == hooks.APP_LOAD_ERROR
    assert said == ""
    [line] = complained.splitlines()
    assert line.startswith("crosstalk: ")
    assert named in line
    assert "crosstalk serve" in line
    assert not (tmp_path / "crosstalk.db").exists()


def test_flask_run_is_known(tmp_path: Path) -> None:
    port = free_port()
    with ran(tmp_path, sys.executable, "-m", "flask", "--app", "crosstalk.wsgi", "run", "-p", str(port)):
        until("it is ready", lambda: _answers(port), 50)
        assert ask(port, "POST", "/api/guests", {"name": "Ann"}).status == 201


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(("run", "--without-threads"), "leave out --without-threads"), (("routes",), "flask is no server")],
)
def test_flask_is_refused_where_it_does_not_serve(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    with ran(tmp_path, sys.executable, "-m", "flask", "--app", "crosstalk.wsgi", *arguments) as process:
        _, complained = process.communicate(timeout=50)
    assert process.returncode == hooks.APP_LOAD_ERROR
    assert says in complained.splitlines()[-1]


def _answers(port: int) -> bool:
    with socket.socket() as wire:
        if wire.connect_ex(("127.0.0.1", port)) != 0:
            return False
    return is_ready(port)


# ── where gunicorn's heartbeat is written ──


def test_the_heartbeat_is_in_memory_where_that_can_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = tmp_path / "shm"
    memory.mkdir()
    monkeypatch.setattr(hooks, "MEMORY_FOLDER", memory)
    settings = Settings(database_url=f"sqlite:///{tmp_path}/data/crosstalk.db")
    assert hooks.heartbeat_folder(settings) == str(memory)
    assert not (tmp_path / "data").exists()


def test_else_it_is_beside_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MEMORY_FOLDER", tmp_path / "none")
    settings = Settings(database_url=f"sqlite:///{tmp_path}/data/crosstalk.db")
    assert hooks.heartbeat_folder(settings) == str(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_where_neither_can_be_written_the_server_says_so_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(hooks, "MEMORY_FOLDER", tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(SystemExit):
        hooks.heartbeat_folder(Settings(database_url=f"sqlite:///{tmp_path}/file/crosstalk.db"))
    [line] = capsys.readouterr().err.splitlines()
    assert "CROSSTALK_DATABASE_URL" in line


def test_the_server_keeps_no_file_in_the_temporary_folder(serve: Serve) -> None:
    server = serve()
    opened = [os.readlink(one) for one in Path(f"/proc/{server.worker_pid}/fd").iterdir()]
    assert [path for path in opened if path.startswith("/dev/shm/wgunicorn-")]
    assert not [path for path in opened if "wgunicorn-" in path and not path.startswith("/dev/shm/")]


# ── signals and sockets ──


def test_usr2_starts_no_second_server(serve: Serve) -> None:
    server = serve()
    os.kill(server.master_pid, signal.SIGUSR2)
    until("it says so", lambda: "USR2 is ignored" in server.errors())
    assert ask(server.port, "GET", "/healthz").status == 200
    assert server.worker_pid


def test_usr2_starts_no_second_server_under_gunicorn(tmp_path: Path) -> None:
    port = free_port()
    command = (sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy/gunicorn-threads.py"), "crosstalk.wsgi:app")
    with ran(tmp_path, *command, port=port) as process:
        assert process.stderr is not None
        until("it is ready", lambda: _answers(port), 50)
        os.kill(process.pid, signal.SIGUSR2)
        line = ""
        while "USR2 is ignored" not in line:
            line = process.stderr.readline()
            assert line, "it ended"
        until("the second process is gone", lambda: len(children(process.pid)) == 1)
        assert ask(port, "GET", "/healthz").status == 200


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


# What systemd does: the socket is descriptor 3, and the environment names the process that it is for.
ACTIVATE = """
import os, socket, sys
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", {port}))
listener.listen(64)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "{count}"}
os.execv(sys.executable, [sys.executable, "-m", "crosstalk", "serve", *sys.argv[1:]])
"""


def activating(port: int, count: int = 1) -> str:
    return ACTIVATE.replace("{port}", str(port)).replace("{count}", str(count))


def test_a_socket_of_systemd_is_taken(tmp_path: Path) -> None:
    port = free_port()
    with ran(tmp_path, sys.executable, "-c", activating(port), port=port):
        until("it is ready", lambda: is_ready(port), 50)
        assert ask(port, "POST", "/api/guests", {"name": "Ann"}).status == 201


@pytest.mark.parametrize(
    ("arguments", "count", "says"), [((), 2, "2 sockets"), (("--built-in",), 1, "only the server with threads")]
)
def test_a_socket_that_cannot_be_taken_is_refused_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], count: int, says: str
) -> None:
    port = free_port()
    with ran(tmp_path, sys.executable, "-c", activating(port, count), *arguments, port=port) as process:
        _, complained = process.communicate(timeout=50)
    assert process.returncode != 0
    assert says in complained.splitlines()[-1]
    assert "Traceback" not in complained
