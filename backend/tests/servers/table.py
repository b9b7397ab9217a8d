"""What the run saw, as the table in docs/deploy.md. Nothing of time or machine stands in it: a second run changes nothing."""

import json
import platform
from importlib.metadata import Distribution
from pathlib import Path

import pytest
from clients import CLIENTS, TRANSPORTS
from roster import HOSTS, ROOT, Host

PAGE = ROOT / "docs" / "deploy.md"
BEGIN, END = "<!-- written by `make test-servers` -->\n", "<!-- the end of what it writes -->"
_COMMON = ("Flask", "Flask-SocketIO", "python-socketio", "python-engineio")
_OTHERS = {
    "origins": "test_every_origin_gets_the_same_answer_at_every_surface",
    "the product": "test_people_talk_watch_a_stream_and_find_it_all_after_a_restart",
    "ends in order": "test_its_clients_are_told_and_nothing_is_left",
}

CANNOT = (
    ("gunicorn 26 and later with eventlet", "They have no eventlet worker any more; 25.3.0 is the last that has one.", "nothing starts"),
    ("gunicorn, sync worker", "It serves one request at a time, and a live connection is a request that stays.", "refused at start"),
    ("more than one worker or process", "The live connections and SQLite belong to one process.", "refused at start"),
    ("gunicorn `--preload`", "Threads that begin before the fork are not there after it.", "refused at start"),
    ("uWSGI without `--gevent`", "Its own loop has no green threads for the live connections.", "refused at start"),
    ("uWSGI compiled without OpenSSL, as the `pyuwsgi` wheel is", "It lacks the handshake of WebSocket.", "refused at start"),
    ("a server of another mode than `CROSSTALK_ASYNC_MODE`", "Locks, threads and sockets would wait in two ways.", "refused at start"),
)  # fmt: skip

_seen: dict[tuple[str, str, str, str], bool] = {}


def keep(report: pytest.TestReport) -> None:
    properties = dict(report.user_properties)
    host = properties.get("host")
    if host is None or report.when != "call":
        return
    test = report.nodeid.split("::")[-1].split("[")[0]
    cell = (str(host), test, str(properties.get("client", "")), str(properties.get("transport", "")))
    _seen[cell] = _seen.get(cell, True) and report.passed


def write() -> None:
    before, begin, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    assert end, f"{PAGE} has lost its marks: {BEGIN.strip()} and {END}"
    PAGE.write_text(before + begin + "\n" + _text() + "\n" + end + after)


def _text() -> str:
    columns = [f"{client}, {transport}" for client in CLIENTS for transport in TRANSPORTS]
    head = ["server", "mode", *columns, *_OTHERS]
    lines = [_line(head), _line(["---", "---", *[":-:"] * (len(head) - 2)])]
    for host in HOSTS:
        wire = [_mark(host, "test_every_row_is_true", client, transport) for client in CLIENTS for transport in TRANSPORTS]
        others = [_mark(host, test) for test in _OTHERS.values()]
        lines.append(_line([f"{host.title}<br>{_versions(host)}", f"`{host.async_mode}`", *wire, *others]))
    common = Distributions(HOSTS[0])
    npm = json.loads((ROOT / "frontend/node_modules/socket.io-client/package.json").read_text())["version"]
    told = ", ".join(f"{name} {common.version(name)}" for name in _COMMON)
    python = ".".join(platform.python_version_tuple()[:2])
    lines += [
        "",
        f"On Python {python}, with {told}. The clients: python-socketio {common.version('python-socketio')}, socket.io-client {npm}.",
        "",
        "| started with | |",
        "|---|---|",
        *[_line([host.title, f"`{host.how}`" + _in(host)]) for host in HOSTS],
        "",
        "| cannot work | why | what happens |",
        "|---|---|---|",
        *[_line(list(row)) for row in CANNOT],
        "",
    ]
    return "\n".join(lines)


class Distributions:
    """What is installed in the environment of a host."""

    def __init__(self, host: Host) -> None:
        [self._path] = [str(path) for path in Path(host.folder).glob("lib/python3.*/site-packages")]

    def version(self, name: str) -> str:
        return next(iter(Distribution.discover(name=name, path=[self._path]))).version


def _versions(host: Host) -> str:
    installed = Distributions(host)
    return ", ".join(f"{name} {installed.version(name)}" for name in host.packages)


def _in(host: Host) -> str:
    return f", packages of `backend/locks/{host.environment}.lock`" if host.environment else ""


def _mark(host: Host, test: str, client: str = "", transport: str = "") -> str:
    found = [
        passed
        for (name, of, by, over), passed in _seen.items()
        if name == host.name and of == test and client in ("", by) and transport in ("", over)
    ]
    return ("✓" if all(found) else "✗") if found else "–"


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
