"""The servers that Crosstalk runs on: how each is started, in which locked environment, and what it calls its mode."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
APP = "crosstalk.wsgi:app"


@dataclass(frozen=True)
class Host:
    name: str
    title: str
    environment: str
    """What `scripts/server-env.sh` makes in .venvs; empty for .venv itself."""
    command: tuple[str, ...]
    async_mode: str
    """As `whoami` tells it, when nothing but `auto` is asked for."""
    packages: tuple[str, ...]
    """Those whose versions matter here."""

    @property
    def folder(self) -> Path:
        return ROOT / ".venvs" / self.environment if self.environment else ROOT / ".venv"

    @property
    def is_there(self) -> bool:
        return (self.folder / "bin" / "crosstalk").exists()

    @property
    def how(self) -> str:
        """The command as a person writes it in the project's folder."""
        return " ".join(self.command).replace(f"{ROOT}/", "")


def _gunicorn(kind: str) -> tuple[str, ...]:
    return ("gunicorn", "-c", str(DEPLOY / f"gunicorn-{kind}.py"), APP)


_WERKZEUG = ("werkzeug", "simple-websocket")
_BUILT_IN = ("crosstalk", "serve", "--built-in")
_THREADS = ("gunicorn", "simple-websocket")
_GEVENT = ("gevent", "simple-websocket")
_EVENTLET = ("eventlet",)
_WITH_GEVENT_WEBSOCKET = ("gunicorn", "gevent", "gevent-websocket")

HOSTS = (
    Host("serve", "`crosstalk serve`: gunicorn's threads", "", ("crosstalk", "serve"), "threading", _THREADS),
    Host("threads", "gunicorn, threads", "", _gunicorn("threads"), "threading", _THREADS),
    Host("gevent", "gunicorn, gevent", "gevent", _gunicorn("gevent"), "gevent", ("gunicorn", *_GEVENT)),
    Host(
        "gevent-websocket",
        "gunicorn, gevent-websocket's worker",
        "gevent-websocket",
        _gunicorn("gevent-websocket"),
        "gevent",
        _WITH_GEVENT_WEBSOCKET,
    ),
    Host("eventlet", "gunicorn, eventlet", "eventlet", _gunicorn("eventlet"), "eventlet", ("gunicorn", *_EVENTLET)),
    Host(
        "uwsgi",
        "uWSGI, gevent, its own WebSocket",
        "uwsgi",
        ("uwsgi", "--ini", str(DEPLOY / "uwsgi.ini")),
        "gevent_uwsgi",
        ("uwsgi", "gevent"),
    ),
    Host("built-in-threading", "built-in, threads (development only)", "", _BUILT_IN, "threading", _WERKZEUG),
    Host("built-in-gevent", "built-in, gevent", "gevent", _BUILT_IN, "gevent", _GEVENT),
    Host("built-in-eventlet", "built-in, eventlet", "eventlet", _BUILT_IN, "eventlet", _EVENTLET),
)

BY_NAME = {host.name: host for host in HOSTS}


def asked_for(names: str) -> list[Host]:
    """The hosts of `--servers`. Raises KeyError with the first name that is none."""
    return list(HOSTS) if names == "all" else [BY_NAME[name] for name in names.split(",")]
