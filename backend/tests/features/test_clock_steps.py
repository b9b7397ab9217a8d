"""A server whose machine's clock is set while it runs: forward by minutes, back by an hour. What is due is due as before."""

import os
import threading
from pathlib import Path

import pytest

from conftest import Meet, Serve
from people import Person
from rest import ask
from server import Server, until

LEASE_S = 1.2
# Python runs it at its start: time.time() and time.time_ns() are off by the seconds that the file has.
STEPPING = """
import os, time

_path, _time, _time_ns = os.environ["CLOCK_OFFSET_FILE"], time.time, time.time_ns

def _offset():
    with open(_path) as file:
        return int(file.read() or 0)

time.time = lambda: _time() + _offset()
time.time_ns = lambda: _time_ns() + _offset() * 1_000_000_000
"""


@pytest.fixture
def offset(tmp_path: Path) -> Path:
    folder = tmp_path / "stepping"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(STEPPING)
    file = folder / "offset"
    file.write_text("0")
    return file


def stepping(serve: Serve, offset: Path) -> Server:
    paths = os.pathsep.join([str(offset.parent), os.environ.get("PYTHONPATH", "")])
    return serve(
        wrapper=("env", f"PYTHONPATH={paths}", f"CLOCK_OFFSET_FILE={offset}"), stream_lease_s=str(LEASE_S), rate_limits="on"
    )


def step(offset: Path, seconds: int) -> None:
    new = offset.with_name("new")
    new.write_text(str(seconds))
    new.replace(offset)


def test_leases_tokens_and_waits_do_not_notice_that_the_clock_is_set(serve: Serve, meet: Meet, offset: Path) -> None:
    server = stepping(serve, offset)
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    old = ann.refresh_token
    refreshed = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": old}).body
    alive = ann.open_stream(room_id)["stream_id"]
    pause = threading.Event()

    for seconds in (300, -3_600, 90_000):
        silent = ann.open_stream(room_id)["stream_id"]
        step(offset, seconds)

        def the_silent_one_is_interrupted(silent: str = silent) -> bool:
            pause.wait(0.2)  # a renewal has a rate
            ann.command("stream:renew", stream_id=alive, lease=1)
            return any(one["message"]["id"] == silent for one in ann.heard("stream:ended"))

        until(f"{seconds} s: the silent producer is interrupted", the_silent_one_is_interrupted)
        assert ann.view(alive)["state"] == "open", f"{seconds} s: the living producer goes on"
        assert ask(server.port, "GET", "/api/me", token=ann.token).status == 200
        again = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": old})
        assert again.status == 201
        assert again.body["refresh_token"] == refreshed["refresh_token"], "the second tab gets the same successor"
        assert Person.guest(server, "Bob").connect() is not None
        assert ann.heard("session:ended") == []
