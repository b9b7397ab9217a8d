"""nginx and HAProxy as processes. `scripts/proxies.sh` installs them."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crosstalk.launch.processes import die_with_parent
from server import until

ROOT = Path(__file__).parents[3]
NGINX_CONF = (ROOT / "deploy" / "nginx.conf").read_text()
_die_with_the_tests = die_with_parent(signal.SIGKILL)
NGINX = """
daemon off;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
{user}
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    include {home}/crosstalk.conf;
}}
"""
HAPROXY = """
global
    maxconn 200
defaults
    mode http
    option httpchk
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout tunnel 60s
frontend page
    bind 127.0.0.1:{port}
    option forwardfor
    default_backend crosstalk
backend crosstalk
    http-reuse always
    server api 127.0.0.1:{server} check inter 200
"""


@dataclass
class Proxy:
    """Has what `people.Person` and `raw` need of a server: `url` and `port`."""

    port: int
    home: Path

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"


Begin = Callable[..., Proxy]


def path_of(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found is not None, f"there is no {name}: scripts/proxies.sh installs it"
    return found


def run(home: Path, *command: str) -> subprocess.Popen[bytes]:
    with (home / "output.log").open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_the_tests,
        )


def when_ready(proxy: Proxy, process: subprocess.Popen[bytes]) -> Proxy:
    def listens() -> bool:
        assert process.poll() is None, (proxy.home / "output.log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", proxy.port)) == 0

    until("the proxy listens", listens)
    return proxy


def end(running: list[subprocess.Popen[bytes]]) -> None:
    for process in running:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(15)


def seconds_of(name: str, conf: str = NGINX_CONF) -> int:
    """A time in deploy/nginx.conf."""
    [value] = re.findall(rf"^\s*{name} (\d+)s;", conf, re.MULTILINE)
    return int(value)
