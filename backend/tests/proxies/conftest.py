"""Real proxies before a real server: nginx with deploy/nginx.conf, and HAProxy."""

import os
import re
import subprocess
from collections.abc import Iterator

import pytest
from proxied import HAPROXY, NGINX, NGINX_CONF, Begin, Proxy, end, path_of, run, when_ready

from server import Server, free_port


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    """Starts nginx with deploy/nginx.conf before a server; `changed` holds replacements, each of which must apply."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(server: Server, port: int | None = None, **changed: str) -> Proxy:
        home, port = tmp_path_factory.mktemp("nginx"), port or free_port()
        # Without TLS, of which test_deployed_nginx.py is the test; what nginx does at port 80 is out of the way.
        conf = re.sub(r"^ *ssl_.*\n", "", NGINX_CONF, flags=re.MULTILINE)
        ours = {
            "127.0.0.1:5002": f"127.0.0.1:{server.port}",
            "listen 443 ssl;": f"listen 127.0.0.1:{port};",
            "listen 80;": f"listen 127.0.0.1:{free_port()};",
        }
        for before, after in {**ours, "/var/log/nginx": str(home), **changed}.items():
            assert before in conf, f"deploy/nginx.conf has no {before!r}"
            conf = conf.replace(before, after)
        (home / "crosstalk.conf").write_text(conf)
        user = "user root;" if os.geteuid() == 0 else ""
        (home / "nginx.conf").write_text(NGINX.format(home=home, user=user))
        running.append(
            run(home, path_of("nginx"), "-p", str(home), "-c", str(home / "nginx.conf"), "-e", str(home / "error.log"))
        )
        return when_ready(Proxy(port, home), running[-1])

    yield begin
    end(running)


@pytest.fixture(scope="module")
def haproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Begin]:
    """Starts HAProxy, with its bare `option httpchk`, before a server."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(server: Server, port: int | None = None) -> Proxy:
        home, port = tmp_path_factory.mktemp("haproxy"), port or free_port()
        (home / "haproxy.cfg").write_text(HAPROXY.format(port=port, server=server.port))
        running.append(run(home, path_of("haproxy"), "-db", "-f", str(home / "haproxy.cfg")))
        return when_ready(Proxy(port, home), running[-1])

    yield begin
    end(running)
