"""Every row of the wire check, against the real server."""

from collections.abc import Callable

import pytest

from crosstalk.wirecheck.client import Outcome, row_names, run
from server import PAGE, Server

Serve = Callable[..., Server]
TRANSPORTS = ("polling", "upgrade", "websocket")
ONLY_WHEN_NAMED = {"idle", "flood"}


def failures(outcomes: list[Outcome]) -> list[str]:
    return [f"{one.transport} {one.namespace} {one.row}: {one.came}" for one in outcomes if not one.ok]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_row_passes(server: Server, transport: str) -> None:
    outcomes = list(run(server.url, origin=PAGE, transport=transport))
    assert failures(outcomes) == []
    assert {one.row for one in outcomes} == set(row_names()) - ONLY_WHEN_NAMED
    assert {one.namespace for one in outcomes} == {"/", "/test"}
    assert {one.transport for one in outcomes} == {transport}


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_connection_outlives_a_silence(serve_module: Serve, transport: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from crosstalk.wirecheck.client.rows import connecting

    monkeypatch.setattr(connecting, "_IDLE_S", 1.0)
    server = serve_module(ping_interval="0.5", ping_timeout="1")
    assert failures(list(run(server.url, origin=PAGE, transport=transport, names=["idle"]))) == []


def test_a_flood_is_cut_with_a_reason(serve: Serve) -> None:
    server = serve(rate_limits="on")
    outcomes = list(run(server.url, origin=PAGE, names=["flood"]))
    assert failures(outcomes) == []
    assert [one.transport for one in outcomes] == ["upgrade", "websocket"]
    assert all("flood" in one.came for one in outcomes)


def test_the_rows_stay_below_the_servers_own_limits(serve: Serve) -> None:
    server = serve(rate_limits="on")
    assert failures(list(run(server.url, origin=PAGE, transport="websocket"))) == []


def test_rows_and_namespaces_can_be_chosen(server: Server) -> None:
    outcomes = list(run(server.url, origin=PAGE, transport="all", namespaces=["/test"], names=["message", "cross"]))
    assert failures(outcomes) == []
    assert [(one.transport, one.namespace, one.row) for one in outcomes] == [
        (transport, "/test", name) for transport in TRANSPORTS for name in ("message", "cross")
    ]


def test_other_peoples_broadcasts_disturb_nothing(server: Server) -> None:
    one, other = (run(server.url, origin=PAGE, transport="websocket", names=["broadcast", "message", "json"]) for _ in range(2))
    for pair in zip(one, other, strict=True):
        assert failures(list(pair)) == []


def test_each_row_says_what_was_expected_and_what_came(server: Server) -> None:
    for one in run(server.url, origin=PAGE, transport="websocket", namespaces=["/"], names=["confirm", "whoami"]):
        assert one.expected
        assert one.came
        assert one.ms > 0
