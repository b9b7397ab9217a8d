"""The article from which Crosstalk starts: every capability that it describes is shown by a test over a real socket.

A test says with `@pytest.mark.seed("S5a")` what it shows. The ids are stable; the words are ours.
"""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TEXTS = {".py", ".md", ".sh", ".toml", ".ini", ".conf", ".service", ".ts", ".svelte", ".html"}
SEED = {
    "S1": "REST beside full-duplex connections, over polling, WebSocket, or from one to the other",
    "S2": "one project that pip installs, with the extension and its servers from the package index",
    "S3": "eventlet, gevent or threads: found in this order, or named by a setting",
    "S4": "a text returned piece by piece, as a typewriter",
    "S5a": "unnamed messages, text and JSON",
    "S5b": "named events, with string, bytes, integer, JSON and several arguments",
    "S5c": "handlers by decorator and name, by function name, and without a decorator; reserved names are refused",
    "S5d": "namespaces that do not collide",
    "S5e": "what a handler returns is the client's ack",
    "S6a": "sending text, JSON and named events, into the own namespace and another",
    "S6b": "several arguments from the server",
    "S6c": "the server is called back when a client has received an event",
    "S7a": "broadcasts that the sender hears as well",
    "S7b": "events that come from no handler",
    "S8a": "rooms: join, leave, and messages to the members only",
    "S8b": "the room of one's own, named by the session id",
    "S8c": "who disconnects leaves all rooms; events to a room from no handler",
    "S9": "connect accepts or refuses by what the client's auth holds; disconnect is seen",
    "S10a": "the built-in servers",
    "S10b": "gunicorn with eventlet, gevent, gevent-websocket, and threads",
    "S10c": "uWSGI with gevent and its own WebSockets",
    "S11": "REST and Socket.IO on another origin than the page",
}


def test_every_row_is_shown_by_a_test_and_no_test_shows_another() -> None:
    shown: set[str] = set()
    for folder in ("backend/tests", "e2e/tests"):
        for path in (ROOT / folder).rglob("test_*.py"):
            for marked in re.findall(r"^@pytest\.mark\.seed\((.*)\)$", path.read_text(), re.MULTILINE):
                shown.update(re.findall(r'"(\w+)"', marked))
    assert shown == set(SEED)


@pytest.mark.seed("S2")
def test_one_project_brings_the_extension_and_its_servers() -> None:
    project = tomllib.loads((ROOT / "backend/pyproject.toml").read_text())["project"]
    assert project["name"] == "crosstalk-chat"  # `crosstalk` on PyPI is another project
    needed = " ".join(project["dependencies"])
    for package in ("flask", "flask-socketio", "flask-cors", "simple-websocket", "gunicorn"):
        assert re.search(rf"(^| ){package}[<>=;]", needed), package
    assert set(project["optional-dependencies"]) >= {"gevent", "eventlet", "uwsgi"}


def test_no_text_tells_to_install_the_package_of_another_project() -> None:
    """`crosstalk` on PyPI belongs to another project, with a command of the same name."""
    folders = (
        "backend/crosstalk",
        "backend/fastlane",
        "deploy",
        "docs",
        "frontend/src",
        "scripts",
        "README.md",
        "CONTRIBUTING.md",
    )
    files = [file for name in folders for file in [ROOT / name, *(ROOT / name).rglob("*")] if file.suffix in TEXTS]
    assert len(files) > 300
    wrong = re.compile(r"(pip|pipx|uv|uvx)\b[^\n]*\b(install|add|run)\b[^\n]*\bcrosstalk(?!-chat)(\[|\b(?![./]))")
    assert [str(file) for file in files if wrong.search(file.read_text())] == []
