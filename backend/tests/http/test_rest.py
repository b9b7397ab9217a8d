"""What every REST answer has in common, the refusals above all."""

import pytest

from people import Person, fresh
from rest import ask
from server import Server


def test_a_refusal_is_problem_details(server: Server, cleo: Person) -> None:
    answer = cleo.rest("POST", f"/rooms/{cleo.open_room()}/messages", {"client_id": fresh(), "text": ""})
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert set(answer.body) == {"type", "title", "status", "detail", "code", "fields"}
    assert answer.body["status"] == 400
    assert answer.body["fields"] == {"text": "must not be empty"}


@pytest.mark.parametrize("path", ["/api", "/api/nowhere", "/api/rooms/x/nowhere", "/api//rooms", "/metrics/x", "/%00"])
def test_a_path_that_does_not_exist_is_not_found(server: Server, cleo: Person, path: str) -> None:
    answer = ask(server.port, "GET", path, token=cleo.token)
    assert answer.status == 404
    assert answer.code == "not_found"


def test_a_method_that_does_not_exist_is_refused(server: Server, cleo: Person) -> None:
    for method, path in (
        ("DELETE", "/api/rooms"),
        ("PUT", "/api/guests"),
        ("PATCH", "/api/me"),
        ("TRACE", "/api/me"),
        ("BREW", "/api/me"),
    ):
        answer = ask(server.port, method, path, token=cleo.token)
        assert answer.status in (405, 501), method
        assert cleo.token not in answer.raw.decode()


def test_a_body_must_say_that_it_is_json(server: Server, cleo: Person) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        answer = cleo.rest("POST", "/rooms", raw=b'{"name":"x","kind":"public"}', headers=[("Content-Type", kind)])
        assert (answer.status, answer.code) == (400, "invalid"), kind
    for kind in ("application/json; charset=utf-8", "Application/JSON"):
        answer = cleo.rest("POST", "/rooms", raw=b'{"name":"x","kind":"private"}', headers=[("Content-Type", kind)])
        assert answer.status == 201, kind


def test_a_body_beyond_the_limit_is_too_large_and_not_read(server: Server, cleo: Person) -> None:
    answer = cleo.rest("POST", "/rooms", raw=b'{"name":"' + b"x" * 5_000_000 + b'"}')
    assert (answer.status, answer.code) == (413, "too_large")


def test_a_body_beyond_the_limit_in_chunks_is_too_large_as_well(server: Server, cleo: Person) -> None:
    chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    headers = [("Transfer-Encoding", "chunked"), ("Content-Type", "application/json")]
    raw = chunk * 6 + b"0\r\n\r\n"
    answer = ask(server.port, "POST", "/api/rooms", token=cleo.token, raw=raw, headers=[*headers, ("Content-Length", "")][:2])
    assert answer.status in (400, 413)


@pytest.mark.parametrize(
    ("levels", "refusal", "field"),
    [
        (33, (400, "invalid"), "data"),
        # Deeper than the parser follows, it does not know where it is; and longer than the operation takes, it is not read at all.
        (1_500, (400, "invalid"), "body"),
        (50_000, (413, "too_large"), "body"),
    ],
)
def test_deep_nesting_is_refused_by_name(
    server: Server, cleo: Person, levels: int, refusal: tuple[int, str], field: str
) -> None:
    deep = b"[" * levels + b"]" * levels
    body = b'{"client_id":"d","kind":"json","data":' + deep + b"}"
    answer = cleo.rest("POST", f"/rooms/{cleo.open_room()}/messages", raw=body)
    assert (answer.status, answer.code) == refusal
    assert set(answer.fields) == {field}


def test_every_answer_says_how_it_may_be_used(server: Server, cleo: Person) -> None:
    for path in ("/api/me", "/healthz", "/api/nowhere", "/openapi.json", "/metrics", "/origin-check"):
        answer = ask(server.port, "GET", path, token=cleo.token)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert answer.headers["referrer-policy"] == "no-referrer", path
        assert "origin" in answer.vary(), path
        assert "set-cookie" not in answer.headers, path
    assert ask(server.port, "GET", "/api/me", token=cleo.token).headers["cache-control"] == "no-store"


def test_the_server_says_that_it_is_alive_and_ready(server: Server) -> None:
    for path in ("/healthz", "/readyz"):
        answer = ask(server.port, "GET", path)
        assert answer.status == 200
        assert answer.body["status"] == "ok"


def test_the_metrics_count_connections_by_transport(server: Server, ann: Person) -> None:
    polling = ann.connect(["polling"])
    text = ask(server.port, "GET", "/metrics").raw.decode()
    counts = {
        line.split("{")[1].split("}")[0]: float(line.split()[-1])
        for line in text.splitlines()
        if line.startswith("crosstalk_connections{")
    }
    for transport in ("polling", "websocket"):
        assert any(f'transport="{transport}"' in labels and count >= 1 for labels, count in counts.items()), counts
    assert "crosstalk_cuts_total" in text
    polling.close()


def test_the_root_and_a_path_that_is_not_there_lead_to_the_documentation(server: Server) -> None:
    root = ask(server.port, "GET", "/")
    assert (root.status, root.headers["content-type"]) == (200, "application/json")
    assert root.body["docs"] == "docs"
    assert ask(server.port, "GET", f"/{root.body['docs']}").status == 200
    browser = ask(server.port, "GET", "/", headers=[("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")])
    assert browser.headers["content-type"].startswith("text/html")
    assert '<a href="docs">' in browser.raw.decode()
    for path in ("/nowhere", "/api/nowhere", "/x%0a<b>%e2%80%ae"):
        lost = ask(server.port, "GET", path)
        assert (lost.status, lost.body["code"]) == (404, "not_found")
        assert "/docs" in lost.body["detail"]
        assert "\n" not in lost.body["detail"]
        assert "\u202e" not in lost.body["detail"]
