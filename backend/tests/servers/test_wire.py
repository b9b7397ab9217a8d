"""Every row of the wire check, by both official clients, over every transport."""

from collections.abc import Callable

import pytest
from clients import CLIENTS, PATIENCE_S, TRANSPORTS, Playing
from hosted import Hosted
from roster import Host

from rest import ask


@pytest.mark.timeout(PATIENCE_S + 30)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.seed("S10a", "S10b", "S10c")
def test_every_row_is_true(playing: Playing, client: str, transport: str) -> None:
    played = playing[client, transport].result(PATIENCE_S)
    assert not played.faults, "\n".join(played.faults)
    assert played.rows > 40


@pytest.mark.seed("S3")
def test_the_mode_is_what_auto_finds(hosted: Hosted, host: Host, record_property: Callable[[str, object], None]) -> None:
    seen = ask(hosted.port, "GET", "/wirecheck").body
    record_property("server", seen["server"])
    assert seen["async_mode"] == host.async_mode
    assert ask(hosted.port, "GET", "/healthz").body["status"] == "ok"


@pytest.mark.timeout(PATIENCE_S + 30)
def test_nothing_of_all_that_was_an_error_of_the_server(hosted: Hosted, playing: Playing) -> None:
    for played in playing.values():
        played.result(PATIENCE_S)
    assert "internal error" not in hosted.log(), hosted.log()
    assert "Traceback" not in hosted.log(), hosted.log()
