"""The API below a path of another site, behind a real nginx that takes the path off."""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from people import People
from person import Person
from stack import ROOT, Stack

PATH = "/team/chat-api"

_CONFIG = """
{user} daemon off; worker_processes 1; pid {home}/nginx.pid;
events {{ worker_connections 256; }}
http {{
    access_log off; client_body_temp_path {home}/body; proxy_temp_path {home}/proxy;
    map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
    server {{
        listen 127.0.0.1:{port};
        location {path}/ {{
            proxy_pass http://127.0.0.1:{api}/;
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection $connection_upgrade;
            proxy_buffering off;
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def site() -> str:
    """The origin below whose path the API is; the API has to know it as its own."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://localhost:{probe.getsockname()[1]}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, built_page: Path, site: str) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("stack"), built_page, public_url=site) as stack:
        yield stack


@pytest.fixture(scope="module")
def below(stack: Stack, site: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the API below a path, which the page's config.json names."""
    home, port = tmp_path_factory.mktemp("nginx"), int(site.rpartition(":")[2])
    user = "user root;" if os.geteuid() == 0 else ""
    config = home / "nginx.conf"
    config.write_text(_CONFIG.format(user=user, home=home, port=port, path=PATH, api=stack.api.rpartition(":")[2]))
    subprocess.run([ROOT / "scripts/proxies.sh"], cwd=ROOT, check=True)
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert nginx is not None
    errors = home / "error.log"
    running = subprocess.Popen([nginx, "-p", str(home), "-e", str(errors), "-c", str(config)])
    try:
        _wait_for(port, running, errors)
        stack.name_api(f"{site}{PATH}")
        yield f"{site}{PATH}"
    finally:
        running.terminate()
        running.wait(15)


def _wait_for(port: int, running: subprocess.Popen[bytes], errors: Path) -> None:
    deadline = time.monotonic() + 30
    while True:
        assert running.poll() is None, errors.read_text()
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "nginx does not listen"
        time.sleep(0.05)


def visitor(people: People, name: str, below: str) -> Person:
    person = people.arrive(name)
    person.witness.allowed_origins.append(below.removesuffix(PATH))
    return person


def test_two_people_talk_through_an_api_below_a_path(people: People, stack: Stack, below: str) -> None:
    ann, bob = visitor(people, "Ann", below), visitor(people, "Bob", below)
    for person in (ann, bob):
        person.enter(person.name)
        person.status.is_over("websocket")
    ann.rooms.create("Below a path")
    bob.reload()
    bob.rooms.join("Below a path")
    ann.room.say("can you read this?")
    expect(bob.room.log).to_contain_text("can you read this?")
    for person in (ann, bob):
        astray = [
            one for one in person.witness.requests if not one.startswith((below, below.replace("http", "ws", 1), stack.page))
        ]
        assert astray == []


def test_the_wire_check_passes_below_a_path(people: People, stack: Stack, below: str) -> None:
    dora = visitor(people, "Dora", below)
    dora.expects_complaints(r"WebSocket is closed before the connection is established", r"400 \(")
    dora.visit(f"{stack.page}/#/wirecheck")
    dora.wire_check.is_connected_over("websocket")
    assert dora.wire_check.run() == []
    expect(dora.wire_check.summary).to_have_text(re.compile(r"^\d\d+ passed, 0 failed$"))


def test_the_reference_can_be_read_below_a_path(people: People, below: str) -> None:
    reader = visitor(people, "Reader", below)
    reader.visit(f"{below}/docs")
    reader.page.get_by_role("navigation").get_by_role("link", name="REST reference").click()
    expect(reader.page.get_by_role("heading", name="Crosstalk REST API")).to_be_visible()
    expect(reader.page.get_by_text(f"curl {below}/api/me").first).to_be_visible()
    reader.visit(f"{below}/docs/errors")
    reader.page.get_by_role("link", name="Crosstalk docs").click()
    reader.page.get_by_role("navigation").get_by_role("link", name="Event reference").click()
    expect(reader.page.get_by_role("heading", name="Crosstalk live events")).to_be_visible()
    reader.page.get_by_role("navigation").get_by_role("link", name="Get started").click()
    expect(reader.page.get_by_text(f'const api = "{below}"')).to_be_visible()
