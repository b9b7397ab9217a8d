"""Who is measured: Crosstalk as it is documented to be started, and the peers that do the same work."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import hosted

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
_NO_EVENT = '42["message:created",{"seq":1234,"text":"","pad":""}]'

Command = list[str | Path]


@dataclass(frozen=True)
class Contender:
    name: str
    title: str
    command: Callable[["Wanted"], Command]
    needs: Path
    """Without this file it cannot be started."""
    got_by: str = ""
    """What makes that file."""
    namespace: str = "/"
    hello: str = "session:ready"
    answers: Callable[[int], bool] = hosted.listens

    @property
    def is_there(self) -> bool:
        return self.needs.exists()


@dataclass(frozen=True)
class Wanted:
    """What a peer is told at its start."""

    port: int
    event_bytes: int
    text_bytes: int
    load: Path
    home: Path

    @property
    def pad(self) -> int:
        """So that an event is as long as Crosstalk's."""
        return max(0, self.event_bytes - len(_NO_EVENT) - self.text_bytes)


def settings_of(contender: Contender, port: int, home: Path) -> dict[str, str]:
    if contender is not CROSSTALK:
        return {}
    chosen = {"port": str(port), "rate_limits": "off", "database_url": database_url(home)}
    loop = os.environ.get("CROSSTALK_FASTLANE")
    return {f"CROSSTALK_{name.upper()}": value for name, value in chosen.items()} | (
        {"CROSSTALK_FASTLANE": loop} if loop else {}
    )


def database_url(home: Path) -> str:
    return f"sqlite:///{home}/crosstalk.db"


def _stock(mode: str, python: Path | str, *, stores: bool = False) -> Callable[[Wanted], Command]:
    def command(wanted: Wanted) -> Command:
        database = [wanted.home / "stock.db"] if stores else []
        patched = ["-m", "gevent.monkey"] if mode == "gevent" else []
        return [python, *patched, PEERS / "stock.py", mode, str(wanted.port), str(wanted.pad), *database]

    return command


def _bare(*more: str) -> Callable[[Wanted], Command]:
    return lambda wanted: [wanted.load, "peer", "--port", str(wanted.port), "--bytes", str(wanted.event_bytes), *more]


_GEVENT, _ASGI = (ROOT / ".venvs" / name / "bin" / "python" for name in ("gevent", "asgi"))
_HERE = Path(sys.executable)

CROSSTALK = Contender(
    "crosstalk",
    "Crosstalk",
    lambda wanted: [_HERE.parent / "crosstalk", "serve"],
    _HERE.parent / "crosstalk",
    namespace="/chat",
    answers=hosted.is_ready,
)
BARE = Contender("c", "C, one send(2) a delivery", _bare(), PEERS, hello="")
BARE_JOINED = Contender("c-joined", "C, frames joined for 20 ms", _bare("--tick-ms", "20"), PEERS, hello="")
NODE = Contender(
    "node",
    "Node socket.io",
    lambda wanted: [ROOT / "scripts" / "with-node.sh", "node", PEERS / "node.js", str(wanted.port), str(wanted.pad)],
    PEERS / "node_modules" / "socket.io" / "package.json",
    "scripts/with-node.sh npm ci --prefix ../backend/benchmarks/peers",
)
GEVENT = Contender("stock-gevent", "Flask-SocketIO, gevent", _stock("gevent", _GEVENT), _GEVENT, "scripts/server-env.sh gevent")
THREADS = Contender("stock-threads", "Flask-SocketIO, threads", _stock("threading", _HERE), _HERE)
THREADS_STORING = Contender(
    "stock-storing", "Flask-SocketIO, threads, a commit a message", _stock("threading", _HERE, stores=True), _HERE
)
ASGI = Contender(
    "asgi",
    "python-socketio, uvicorn",
    lambda wanted: [_ASGI, PEERS / "asgi.py", str(wanted.port), str(wanted.pad)],
    _ASGI,
    "scripts/server-env.sh asgi",
)
ALL = (CROSSTALK, BARE, BARE_JOINED, NODE, GEVENT, THREADS, ASGI, THREADS_STORING)
