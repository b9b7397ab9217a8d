"""The wire check by the two official clients: the rows of `crosstalk wirecheck`, and those of the page, in Node."""

import json
import subprocess
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from roster import ROOT

from crosstalk.wirecheck.client import run
from server import PAGE

TRANSPORTS = ("polling", "upgrade", "websocket")
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Played:
    """All rows of one client over one transport."""

    rows: int
    faults: tuple[str, ...]


def _python(url: str, transport: str) -> Played:
    outcomes = list(run(url, origin=PAGE, transport=transport, slow=True))
    return Played(len(outcomes), tuple(f"{one.row} in {one.namespace}: {one.came}" for one in outcomes if not one.ok))


def _npm(url: str, transport: str) -> Played:
    command = ["npm", "run", "--silent", "wirecheck", "--", url, "--transport", transport, "--origin", PAGE, "--slow"]
    done = subprocess.run(
        [ROOT / "scripts" / "with-node.sh", *command], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    outcomes = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    faults = [f"{one['row']} in {one.get('namespace')}: {one.get('came')}" for one in outcomes if not one["ok"]]
    if done.returncode != (1 if faults else 0):
        faults.append(f"exit status {done.returncode}: {done.stderr[-2000:]}")
    return Played(len(outcomes), tuple(faults))


CLIENTS: dict[str, Callable[[str, str], Played]] = {"python": _python, "npm": _npm}

Playing = dict[tuple[str, str], Future[Played]]
