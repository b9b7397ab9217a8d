"""In production neither the metrics nor the allow-list can be read by everyone; in development both can."""

from urllib.parse import quote

import pytest

from conftest import Serve
from rest import Answer, ask
from server import Server

TOKEN = "2f6c1a0d9be84c57a3d1f0b2"
LISTED = ["https://app.example.com", "https://*.partner.example", "https://old.example.org"]
ENTRIES = f"{LISTED[0]},{LISTED[1]},{LISTED[2]};until=2020-01-31"
PRODUCTION = {
    "env": "production",
    "rate_limits": "on",
    "public_url": "https://chat-api.example.net",
    "allowed_origins": ENTRIES,
}
NOT_LISTED = [
    "https://app.example.co", "http://app.example.com", "https://app.example.com:8443", "https://www.app.example.com", "https://APP.example.com",
    "https://partner.example", "https://x.partner.example:1", "https://evilpartner.example", "https://old.example.org", "https://stranger.example",
    "https://chat-api.example.net:81", "null", "", "file://", "ftp://app.example.com", "https://a.example, https://b.example", "x y",
    "https://xn--pp-6kc.example.com",
]  # fmt: skip


@pytest.fixture(scope="module")
def production(serve_module: Serve) -> Server:
    return serve_module(**PRODUCTION)


def words_about_the_list(text: str) -> list[str]:
    hosts = ["app.example.com", "partner.example", "old.example.org", "chat-api.example.net", "2020"]
    return [host for host in hosts if host in text]


@pytest.mark.parametrize("origin", NOT_LISTED)
@pytest.mark.parametrize("path", ["/api/me", "/socket.io/?EIO=4&transport=polling", "/docs", "/origin-check?origin={}"])
def test_a_refusal_in_production_says_nothing_about_the_list(production: Server, origin: str, path: str) -> None:
    answer = ask(production.port, "GET", path.format(quote(origin, safe="")), headers=[("Origin", origin)])
    told = answer.raw.decode()
    if path.startswith("/origin-check"):
        assert answer.body["allowed"] is False
        assert answer.body["hint"]
    else:
        assert (answer.status, answer.code) == (403, "origin_refused")
        assert answer.body["detail"]
    told = told.replace(origin, "") if origin else told
    assert words_about_the_list(told) == []


def test_the_log_says_how_near_a_refused_origin_came(production: Server) -> None:
    ask(production.port, "GET", "/api/me", headers=[("Origin", "https://app.example.com:444")])
    assert (
        "the list has https://app.example.com, but this origin is https://app.example.com:444: the port differs"
        in production.log()
    )


def test_in_development_the_refusal_names_the_nearest_entry(serve: Serve) -> None:
    server = serve(allowed_origins=ENTRIES)
    refused = ask(server.port, "GET", "/api/me", headers=[("Origin", "https://app.example.com:444")])
    checked = ask(server.port, "GET", "/origin-check?origin=https://app.example.com:444")
    assert "the list has https://app.example.com," in refused.body["detail"]
    assert checked.body["hint"] == refused.body["detail"]


def metrics(server: Server, *headers: tuple[str, str], method: str = "GET") -> Answer:
    return ask(server.port, method, "/metrics", headers=list(headers))


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", f"Bearer {TOKEN}")],
        [("Authorization", "Bearer ")],
        [("X-Forwarded-For", "127.0.0.1")],
        [("Forwarded", "for=127.0.0.1")],
        [("Origin", LISTED[0])],
    ],
    ids=["plain", "token", "empty", "forwarded_for", "forwarded", "page"],
)
def test_in_production_there_are_no_metrics_without_a_token_in_the_settings(
    production: Server, headers: list[tuple[str, str]]
) -> None:
    for method in ("GET", "HEAD"):
        answer = metrics(production, *headers, method=method)
        assert answer.status == 404
        assert b"crosstalk_" not in answer.raw


@pytest.fixture(scope="module", params=["production", "development"])
def guarded(serve_module: Serve, request: pytest.FixtureRequest) -> Server:
    return serve_module(**PRODUCTION | {"env": request.param, "metrics_token": TOKEN})


def test_the_token_opens_the_metrics(guarded: Server) -> None:
    for scheme in ("Bearer", "bearer"):
        answer = metrics(guarded, ("Authorization", f"{scheme} {TOKEN}"))
        assert answer.status == 200
        assert b"crosstalk_connections" in answer.raw


@pytest.mark.parametrize(
    "authorization",
    [None, "", TOKEN, "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Bearer {TOKEN.upper()}", "Bearer \u00e9"],
)  # fmt: skip
def test_any_other_token_is_refused(guarded: Server, authorization: str | None) -> None:
    answer = metrics(guarded, *([("Authorization", authorization)] if authorization is not None else []))
    assert (answer.status, answer.code) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_in_the_address_is_refused(guarded: Server) -> None:
    assert ask(guarded.port, "GET", f"/metrics?token={TOKEN}&access_token={TOKEN}").status == 401


def test_in_development_the_metrics_are_open(serve: Serve) -> None:
    assert b"crosstalk_connections" in metrics(serve()).raw


def test_the_token_stands_in_no_log(guarded: Server) -> None:
    metrics(guarded, ("Authorization", f"Bearer {TOKEN}"))
    metrics(guarded, ("Authorization", f"Bearer {TOKEN}x"))
    assert TOKEN not in guarded.log() + guarded.errors()
