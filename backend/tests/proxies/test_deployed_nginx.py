"""deploy/nginx.conf in a real nginx: TLS, the page's headers, what is not passed on, and what stands in its logs."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection

import pytest
from deployed import API, PAGE, Nginx

from crosstalk.launch.page_headers import page_headers
from server import Server, clean_environment

ORIGIN = f"https://{PAGE}"
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module")
def api(serve_module: Callable[..., Server]) -> Server:
    # Development, so that the API itself would answer /metrics: what refuses here is nginx.
    return serve_module(public_url=f"https://{API}", allowed_origins=ORIGIN, trusted_proxies="1")


@pytest.fixture(scope="module")
def deployed(api: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    page = tmp_path_factory.mktemp("page")
    (page / "assets").mkdir()
    (page / "index.html").write_text("<!doctype html><title>the page</title>")
    (page / "assets/page-1234.js").write_text("export {}")
    started = Nginx(tmp_path_factory.mktemp("nginx"), api, page)
    assert started.test_configuration().startswith("status 0")
    started.start()
    yield started
    started.close()


def get(deployed: Nginx, host: str, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
    with closing(HTTPSConnection("127.0.0.1", deployed.https, timeout=15, context=deployed.trusting())) as connection:
        connection.request(
            "GET", path, headers={"Host": host} | {name.replace("_", "-"): value for name, value in headers.items()}
        )
        answer = connection.getresponse()
        return answer, b"" if answer.status == 101 else answer.read()


@pytest.mark.parametrize("path", ["/", "/index.html", "/assets/page-1234.js", "/nowhere", "/assets/nowhere.js"])
def test_every_answer_of_the_page_has_its_security_headers(deployed: Nginx, path: str) -> None:
    answer, _ = get(deployed, PAGE, path)
    for name, value in page_headers(f"https://{API}"):
        assert answer.headers.get_all(name) == [value], name
    assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
    assert answer.headers["Server"] == "nginx", "without its version"


def test_the_page_is_asked_for_anew_and_its_assets_are_kept(deployed: Nginx) -> None:
    assert get(deployed, PAGE, "/")[0].headers["Cache-Control"] == "no-cache"
    assert get(deployed, PAGE, "/assets/page-1234.js")[0].headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "immutable" not in (get(deployed, PAGE, "/assets/nowhere.js")[0].headers["Cache-Control"] or "")


def test_the_api_answers_over_tls_by_rest_polling_and_websocket(deployed: Nginx) -> None:
    for path, status in (("/healthz", 200), ("/api/me", 401), ("/socket.io/?EIO=4&transport=polling", 200)):
        answer, _ = get(deployed, API, path, Origin=ORIGIN)
        assert answer.status == status
        assert answer.headers.get_all("Strict-Transport-Security") == ["max-age=31536000"]
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    answer, _ = get(deployed, API, "/socket.io/?EIO=4&transport=websocket", Origin=ORIGIN, **HANDSHAKE)
    assert answer.status == 101


@pytest.mark.parametrize(
    "path", ["/metrics", "/metrics?x=1", "//metrics", "/./metrics", "/%6detrics", "/a/../metrics", "/metrics/", "/metrics;x"]
)
def test_the_metrics_are_not_passed_on(deployed: Nginx, path: str) -> None:
    answer, body = get(deployed, API, path)
    assert answer.status == 404
    assert b"crosstalk_" not in body


def plain(deployed: Nginx, host: str, path: str) -> HTTPResponse:
    with closing(HTTPConnection("127.0.0.1", deployed.http, timeout=15)) as connection:
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse()


def test_without_tls_the_page_redirects_and_the_api_refuses(deployed: Nginx) -> None:
    page = plain(deployed, PAGE, "/assets/x.js?y=1")
    assert (page.status, page.headers["Location"]) == (301, f"https://{PAGE}/assets/x.js?y=1")
    assert plain(deployed, "evil.example", "/").headers["Location"] == f"https://{PAGE}/", "never where the Host header says"
    api = plain(deployed, API, "/api/me")
    assert (api.status, api.headers["Location"]) == (403, None)


def test_no_session_id_stands_in_a_log(deployed: Nginx, api: Server) -> None:
    _, opened = get(deployed, API, "/socket.io/?EIO=4&transport=polling", Origin=ORIGIN)
    sid = json.loads(opened[1:])["sid"]
    get(deployed, API, f"/socket.io/?EIO=4&transport=websocket&sid={sid}", Origin=ORIGIN, **HANDSHAKE)
    plain(deployed, API, f"/socket.io/?EIO=4&transport=polling&sid={sid}")
    api.kill()
    answer, _ = get(deployed, API, f"/socket.io/?EIO=4&transport=polling&sid={sid}", Origin=ORIGIN)
    assert answer.status == 502
    api.start()
    asked = re.findall(r'"GET /socket\.io/ HTTP/1\.1" (\d+)', deployed.log.read_text())
    assert set(asked) >= {"200", "403", "502"}
    for log in deployed.home.glob("*.log"):
        assert sid not in log.read_text(), log


@pytest.mark.timeout(200)
def test_the_wire_check_passes_below_a_path(deployed: Nginx) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "crosstalk", "wirecheck", f"{deployed.below}/", "--origin", ORIGIN, "--json"],
        env=clean_environment(), capture_output=True, text=True, timeout=180,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    played = [row for row in rows if "row" in row]
    assert {row["transport"] for row in played} == {"polling", "upgrade", "websocket"}


def test_below_a_path_the_metrics_are_not_passed_on_either(deployed: Nginx) -> None:
    port = int(re.findall(r":(\d+)/", deployed.below)[0])
    for path, status in (
        ("/chat-api/healthz", 200),
        ("/chat-api/metrics", 404),
        ("/chat-api//metrics", 404),
        ("/metrics", 404),
    ):
        with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            assert (answer.status, b"crosstalk_" in answer.read()) == (status, False), path


def test_the_links_of_the_reference_work_below_a_path(deployed: Nginx) -> None:
    port = int(re.findall(r":(\d+)/", deployed.below)[0])
    for page in ("/docs", "/docs/rest", "/docs/events", "/docs/errors"):
        with closing(HTTPConnection("127.0.0.1", port, timeout=15)) as connection:
            connection.request("GET", f"/chat-api{page}")
            text = connection.getresponse().read().decode()
        addresses = re.findall(r'(?:href|src|data-document|data-redoc)="([^"#]+)"', text)
        assert addresses
        assert [one for one in addresses if one.startswith(("/", "http"))] == []
