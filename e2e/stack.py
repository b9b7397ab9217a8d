"""One whole Crosstalk for one test process: the API, the page on another origin, and a third origin that may not come in."""

import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Self

from crosstalk.launch.page_server import PageServer
from crosstalk.launch.ports import bind
from fork_server import Process, fork_server

ROOT = Path(__file__).resolve().parents[1]

# Below the ports that systems hand out for outgoing connections: a killed API must find its own port free again.
FIRST_PORT = 21_500
PORTS_A_WORKER = 10
INSECURE_HOST = "chat.test"
# As slow as a loaded machine may be; a process that has ended is noticed at once.
START_S = 60.0


class Stack:
    """Makes everything in `folder`; `page` is the built page, of which a copy is served. More settings by their names."""

    def __init__(self, folder: Path, page: Path, **more: str) -> None:
        self._more = {name.upper(): value for name, value in more.items()}
        self._folder = folder
        self._database = folder / "crosstalk.db"
        self.log = folder / "api.log"
        self._api_port, page_port, third_port = _free_ports(3)
        self.api = f"http://localhost:{self._api_port}"
        self.page_files = folder / "page"
        shutil.copytree(page, self.page_files)
        self.name_api(self.api)
        self._hosts = [PageHost(port, self.page_files) for port in (page_port, third_port)]
        self.page, self.third_origin = (host.origin for host in self._hosts)
        # The page on plain http under a name that is not this machine's: no secure context. The browsers are told where it is.
        self.insecure_page = f"http://{INSECURE_HOST}:{page_port}"
        self._process: Process | None = None

    def name_api(self, address: str) -> None:
        """Writes the file by which the page finds its API."""
        (self.page_files / "config.json").write_text(json.dumps({"api": address}))

    def start(self) -> None:
        """Starts the API, on the same port and database as before, and returns when it answers."""
        settings = {
            "PORT": str(self._api_port),
            "DATABASE_URL": f"sqlite:///{self._database}",
            "ALLOWED_ORIGINS": f"{self.page},{self.insecure_page}",
            "RATE_LIMITS": "off",
            **self._more,
        }
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CROSSTALK_")}
        with self.log.open("ab") as log:
            self._process = fork_server().serve(
                cwd=self._folder,
                env=environment | {f"CROSSTALK_{name}": value for name, value in settings.items()},
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready(self._process)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, token: str | None = None) -> Any:
        """The body of the API's answer. Raises HTTPError when it is a refusal."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}/api{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return json.loads(answer.read() or b"null")

    def kill(self) -> None:
        """As the power cut does it: every process of the API at once, nothing told to anybody."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGTERM)
        for host in self._hosts:
            host.close()

    def guest(self, name: str) -> str:
        """The access token of a new guest, who has no browser."""
        return str(self.ask("POST", "/guests", {"name": name})["access_token"])

    def make_long(self, room_id: str, count: int) -> None:
        """Copies the only message of a room until there are `count`. The API must be stopped meanwhile."""
        numbers = "WITH RECURSIVE numbers(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < :count)"
        with sqlite3.connect(self._database) as database:
            (first,) = database.execute("SELECT seq FROM messages WHERE room_id = ?", (room_id,)).fetchone()
            values = {"room": room_id, "count": count, "first": first}
            columns = [row[1] for row in database.execute("PRAGMA table_info(messages)")]
            own = {
                "id": "id || '-' || n",
                "seq": ":first + n - 1",
                "changed_seq": ":first + n - 1",
                "client_id": "client_id || '-' || n",
                "text": "'message ' || n",
            }
            chosen = ", ".join(own.get(column, column) for column in columns)
            database.execute(
                f"{numbers} INSERT INTO messages ({', '.join(columns)}) SELECT {chosen} FROM messages, numbers"
                " WHERE room_id = :room AND seq = :first",
                values,
            )
            database.execute("UPDATE rooms SET seq = :first + :count - 1 WHERE id = :room", values)
        database.close()

    def _wait_until_ready(self, process: Process) -> None:
        deadline = time.monotonic() + START_S
        while not self._answers():
            try:
                # Waits a moment, and hears at once when there is nothing to wait for any more.
                ended = f"status {process.wait(timeout=0.05)}"
            except subprocess.TimeoutExpired:
                if time.monotonic() < deadline:
                    continue
                ended = f"silent for {START_S:.0f} s"
                self.kill()
            raise RuntimeError(f"the API did not start ({ended}):\n{self.log.read_text()}")

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._api_port, timeout=2)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        # A process group of its own, so that its workers go with it.
        os.killpg(self._process.pid, number)
        self._process.wait(timeout=10)
        self._process = None


class PageHost:
    """The page server of `crosstalk run` on an origin of its own: every test has the headers that the page is served with."""

    def __init__(self, port: int, folder: Path) -> None:
        self.origin = f"http://localhost:{port}"
        self._server = PageServer(bind("127.0.0.1", port, "CROSSTALK_PAGE_PORT"), folder)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _free_ports(count: int) -> list[int]:
    """Free ports that no other worker of this run looks at."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + worker * PORTS_A_WORKER
    free = [port for port in range(first, first + PORTS_A_WORKER) if _is_free(port)]
    if len(free) < count:
        raise RuntimeError(
            f"of the ports {first} to {first + PORTS_A_WORKER - 1} the tests need {count} free ones, and found {free}"
        )
    return free[:count]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
