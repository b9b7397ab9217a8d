"""A message on disk before its ack: how many a second, and what one costs beside SQLite's own price."""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks import populace, roster
from benchmarks.bench import Bench
from benchmarks.roster import CROSSTALK, ROOT, THREADS_STORING, Contender

SENDERS = 200
DURABLE, DURABLE_BEST = "200 senders, one room, 1,000/s", "acks a second, 200 senders"
SQLITE, ALONE = "SQLite, CPU µs a message", "the store alone"
_GROUPS = (1, 10, 100)
_STEPS = (1_250, 1_500, 2_000, 2_500)
_ALONE_GROUP, _ALONE_PEOPLE, _ALONE_MESSAGES = 10, 32, 4_000


def storing(bench: Bench) -> None:
    for group in _GROUPS:
        cpu_us, wall_us = _sqlite(bench.folder, group)
        bench.keep(SQLITE, f"groups of {group}", cpu_us)
        bench.keep(f"{SQLITE}/wall", f"groups of {group}", wall_us)
    _alone(bench)
    for contender in bench.each(CROSSTALK, once=(THREADS_STORING,)):
        bench.attempt("storing", contender, lambda one: _measure(bench, one))


def _measure(bench: Bench, contender: Contender) -> None:
    with bench.stage(contender, SENDERS, SENDERS) as stage:
        stage.connect()
        stage.settle(1.0)
        window = bench.measure(DURABLE, stage, 1_000, SENDERS)
        best = window.acks_s
        for rate in () if bench.quick or contender is THREADS_STORING or not window.kept_up else _STEPS:
            window = stage.run(rate, SENDERS, seconds=1.5, warm=0.5, drain=2)
            if not window.kept_up or window["ack_p99_ms"] > 250:
                break
            best = window.acks_s
        bench.keep(DURABLE_BEST, contender, best)


def _sqlite(folder: Path, group: int) -> tuple[float, float]:
    """CPU and wall time, in microseconds a message, of plain inserts with an fsync for each group."""
    count = 300 if group == 1 else 3_000
    with (
        tempfile.TemporaryDirectory(prefix="sqlite-", dir=folder) as home,
        closing(sqlite3.connect(f"{home}/messages.db", isolation_level=None)) as connection,
    ):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(
            "CREATE TABLE messages (id TEXT PRIMARY KEY, room TEXT, seq INTEGER, author TEXT, text TEXT, at INTEGER)"
        )
        connection.execute("CREATE UNIQUE INDEX by_seq ON messages (room, seq)")
        cpu, wall = time.process_time(), time.perf_counter()
        for first in range(0, count, group):
            connection.execute("BEGIN IMMEDIATE")
            for seq in range(first, first + group):
                row = (f"{seq:020d}", "room", seq, "author", "a line of a chat, forty characters long!", seq)
                connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.execute("COMMIT")
        return (time.process_time() - cpu) * 1e6 / count, (time.perf_counter() - wall) * 1e6 / count


def _alone(bench: Bench) -> None:
    """The product's own way from a checked command to the disk, without a connection: a process of its own."""
    with tempfile.TemporaryDirectory(prefix="store-", dir=bench.folder) as home:
        url = roster.database_url(Path(home))
        populace.members(Path(home), url, _ALONE_PEOPLE, _ALONE_PEOPLE)
        count = _ALONE_MESSAGES // (4 if bench.quick else 1)
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.store_alone", url, str(_ALONE_GROUP), str(count)],
            cwd=ROOT / "backend",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    if said.returncode != 0:
        bench.note(f"the store alone: {(said.stderr.strip().splitlines() or ['it said nothing'])[-1]}")
        return
    for name, value in json.loads(said.stdout).items():
        bench.keep(f"{ALONE}/{name}", CROSSTALK, value)
