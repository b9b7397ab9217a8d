"""One process owns the database on every server: a second one is refused, and a worker that replaces another waits for it."""

import json
import os
import signal
from pathlib import Path

import pytest
from hosted import Begin, Hosted
from roster import Host

from server import is_ready, until


def owner(server: Hosted) -> int:
    return int(json.loads(Path(server.home, "crosstalk.db.lock").read_text().splitlines()[0])["pid"])


@pytest.mark.timeout(120)
def test_a_second_server_on_the_same_database_is_refused_in_one_line(host: Host, begin: Begin) -> None:
    first = begin(host).start()
    second = begin(host)
    second.begin()
    assert second.wait(60) != 0, second.log()
    said = {line for line in second.log().splitlines() if "in use by" in line}
    assert len(said) == 1, second.log()
    assert f"in use by process {owner(first)} (" in said.pop()
    assert not second.is_listening()
    assert not second.has_processes()
    assert is_ready(first.port)


@pytest.mark.timeout(120)
def test_a_reload_hands_the_database_from_worker_to_worker(host: Host, begin: Begin) -> None:
    server = begin(host).start()
    if "gunicorn" not in host.command:
        assert server.stop().status == 0, "only gunicorn reloads; the others are started again"
        server.start()
        return
    before = owner(server)
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGHUP)
    until("another worker owns the database", lambda: owner(server) != before, 60)
    until("it answers", lambda: is_ready(server.port), 60)
    assert "in use by" not in server.log()
    assert server.stop().status == 0
