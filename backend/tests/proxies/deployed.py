"""A real nginx with the configuration of deploy/, on ports of its own and with a certificate made for it."""

import os
import re
import ssl
import subprocess
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path

from proxied import NGINX_CONF, end, path_of, run

from server import Server, free_port, until

API, PAGE = "chat-api.example.com", "app.example.com"


class Nginx:
    """Serves both names of deploy/nginx.conf, and as a third site its commented example: the API at `below`, without TLS."""

    def __init__(self, home: Path, server: Server, page: Path) -> None:
        self.home = home
        self.http, self.https, self._other = (free_port() for _ in range(3))
        self.below = f"http://localhost:{self._other}/chat-api"
        self.log, self.error_log = home / "crosstalk.log", home / "crosstalk-error.log"
        self._make_certificate()
        self._config = home / "nginx.conf"
        self._config.write_text(self._adapted(server, page))
        self._command = [path_of("nginx"), "-p", str(home), "-e", str(home / "start.log"), "-c", str(self._config)]
        self._process: subprocess.Popen[bytes] | None = None

    def test_configuration(self) -> str:
        """What `nginx -t` says."""
        ran = subprocess.run([*self._command, "-t"], capture_output=True, text=True, timeout=30)
        return f"status {ran.returncode}: {ran.stderr}"

    def start(self) -> "Nginx":
        self._process = run(self.home, *self._command, "-g", "daemon off;")
        until("nginx answers", self._answers)
        return self

    def close(self) -> None:
        if self._process is not None:
            end([self._process])

    @property
    def certificate(self) -> Path:
        return self.home / "certificate.pem"

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.home / "start.log").read_text()
        with closing(HTTPSConnection("127.0.0.1", self.https, timeout=5, context=ssl._create_unverified_context())) as probe:
            try:
                probe.request("GET", "/", headers={"Host": PAGE})
                return probe.getresponse().status > 0
            except OSError:
                return False

    def _make_certificate(self) -> None:
        names = f"subjectAltName=DNS:{API},DNS:{PAGE},DNS:localhost,IP:127.0.0.1"
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(self.home / "key.pem")]
        subject = ["-subj", "/CN=localhost", "-addext", names, "-days", "2", "-out", str(self.certificate)]
        subprocess.run(["openssl", "req", "-x509", *key, *subject], check=True, capture_output=True)

    def _adapted(self, server: Server, page: Path) -> str:
        """The file as it is but for addresses, paths and the commented example, in the http block of an nginx.conf."""
        text = NGINX_CONF
        for was, now in (
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.https} ssl;"),
            ("listen 80;", f"listen 127.0.0.1:{self.http};"),
            ("server 127.0.0.1:5002;", f"server 127.0.0.1:{server.port};"),
            ("/srv/crosstalk/frontend/dist", str(page)),
            ("/var/log/nginx/crosstalk.log", str(self.log)),
            ("/var/log/nginx/crosstalk-error.log", str(self.error_log)),
        ):
            assert was in text, was
            text = text.replace(was, now)
        text = re.sub(r"/etc/letsencrypt/live/\S+/fullchain\.pem", str(self.certificate), text)
        text = re.sub(r"/etc/letsencrypt/live/\S+/privkey\.pem", str(self.home / "key.pem"), text)
        text += f"server {{ listen 127.0.0.1:{self._other}; access_log {self.log} crosstalk; {_example_below_a_path(text)} }}"
        user = "user root;" if os.geteuid() == 0 else ""
        temporary = " ".join(f"{kind}_temp_path {self.home}/{kind};" for kind in ("client_body", "proxy"))
        return (
            f"{user} worker_processes 1; pid {self.home}/nginx.pid; events {{ worker_connections 512; }}\n"
            f"http {{ include /etc/nginx/mime.types; default_type application/octet-stream; {temporary}\n{text}\n}}\n"
        )


def _example_below_a_path(text: str) -> str:
    """The commented locations, with the proxy lines that their comment refers to."""
    example = re.search(r"^    #   location = /chat-api/metrics.*?^    #   }$\n(?=})", text, re.MULTILINE | re.DOTALL)
    usual = re.search(r"^    location / \{\n        proxy_pass [^\n]*\n(.*?)^    }$", text, re.MULTILINE | re.DOTALL)
    assert example is not None
    assert usual is not None
    return re.sub(r"^    #", "", example[0], flags=re.MULTILINE).replace("…", usual[1])
