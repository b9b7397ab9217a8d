"""In production the API answers to its own names, to addresses and to names that no public DNS has."""

import pytest

from conftest import Serve
from crosstalk.http.hosts import HostNames
from raw import RawSocket, Upgrade
from rest import Answer, ask
from server import Server

NAMES = HostNames(["https://api.example.com", "http://crosstalk.internal:5002", "http://[2001:db8::1]:5002"])


@pytest.mark.parametrize(
    "sent",
    [
        "api.example.com", "api.example.com:443", "API.example.com", "api.example.com.", "crosstalk.internal:5002", "localhost", "localhost:5002",
        "crosstalk", "crosstalk_api", "127.0.0.1", "127.0.0.1:5002", "10.1.2.3", "[::1]", "[::1]:5002", "[2001:db8::1]:5002", "[::ffff:127.0.0.1]",
        "", None,
    ],
)  # fmt: skip
def test_its_own_names_addresses_and_short_names_are_accepted(sent: str | None) -> None:
    assert NAMES.accept(sent)


@pytest.mark.parametrize(
    "sent",
    [
        "evil.example", "evil.example:5002", "api.example.com.evil.example", "xapi.example.com", "example.com", "127.0.0.1.evil.example",
        "localhost.evil.example", "api.example.com:443:443", "api.example.com@evil.example", "evil.example#api.example.com", "[::1", "[evil.example]",
        "127.1", "api.example.com/", "evil.example, api.example.com",
    ],
)  # fmt: skip
def test_other_names_are_refused(sent: str) -> None:
    assert not NAMES.accept(sent)


def named(server: Server, host: str, path: str, method: str = "GET") -> Answer:
    return ask(server.port, method, path, headers=[("Host", host)])


def test_in_production_a_rebound_name_reaches_nothing(serve: Serve) -> None:
    server = serve(env="production", rate_limits="on", public_url="https://api.example.com,http://other.example.com")
    polling = "/socket.io/?EIO=4&transport=polling"
    for path, method in (
        ("/api/me", "GET"),
        ("/api/guests", "POST"),
        (polling, "GET"),
        ("/docs", "GET"),
        ("/origin-check", "GET"),
    ):
        refused = named(server, "evil.example", path, method)
        assert (refused.status, refused.code) == (400, "invalid")
        assert "CROSSTALK_PUBLIC_URL" in refused.fields["host"]
    with pytest.raises(Upgrade) as answered:
        RawSocket(server, host="evil.example")
    assert answered.value.status == 400
    assert named(server, "evil.example", "/healthz").status == 200, "health checks use names of their own"
    for host in ("api.example.com", "other.example.com", "127.0.0.1", "crosstalk"):
        assert named(server, host, polling).status == 200


def test_in_development_any_name_will_do(server: Server) -> None:
    assert named(server, "my-machine.local:5002", "/socket.io/?EIO=4&transport=polling").status == 200
