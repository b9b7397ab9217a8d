"""The tests' servers: one that is forked behaves as one that is executed."""

import os
from pathlib import Path

import pytest

from rest import ask
from server import Server, until


@pytest.fixture(params=["forked", "executed"])
def executed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "executed")


def test_a_server_has_a_session_of_its_own_and_its_own_settings_and_ends_well(tmp_path: Path, executed: bool) -> None:
    server = Server(tmp_path, executed=executed, metrics_token="0123456789abcdef").start()
    master, worker = server.master_pid, server.worker_pid
    assert os.getsid(master) == os.getsid(worker) == master
    assert Path(f"/proc/{master}/cwd").resolve() == tmp_path.resolve()
    assert ask(server.port, "GET", "/metrics").status != 200, "they are open where the setting is not"
    assert server.stop() == 0
    until("both processes are gone", lambda: not any(Path(f"/proc/{pid}").exists() for pid in (master, worker)))


def test_a_server_that_does_not_start_says_why_and_has_its_status(tmp_path: Path, executed: bool) -> None:
    with pytest.raises(AssertionError, match="CROSSTALK_PING_INTERVAL"):
        Server(tmp_path, executed=executed, ping_interval="soon").start()


def test_a_server_that_is_killed_starts_again_on_its_port(tmp_path: Path, executed: bool) -> None:
    server = Server(tmp_path, executed=executed).start()
    port, master = server.port, server.master_pid
    try:
        server.restart()
        assert (server.port, server.master_pid != master) == (port, True)
    finally:
        server.close()
