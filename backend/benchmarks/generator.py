"""The load generator: load/*.c, compiled when it has changed, and driven by commands."""

import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crosstalk.launch.processes import die_with_parent

SOURCES = Path(__file__).parent / "load"
FOLDER = Path(__file__).parents[2] / "var" / "bench"
"""Where everything of a run is, also the databases: on a real disk, which has an fsync to wait for."""
_FLAGS = ("-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra")
_die_with_us = die_with_parent(signal.SIGKILL)

Answer = dict[str, Any]


class LoadError(Exception):
    """The generator cannot be had, or cannot go on. Its text is one line."""


def compiled(folder: Path = FOLDER) -> Path:
    """The program, under a name that its sources give it."""
    sources = sorted(SOURCES.glob("*.[ch]"))
    digest = hashlib.sha256(b"".join(one.read_bytes() for one in sources)).hexdigest()[:12]
    program = folder / f"load-{digest}"
    if program.exists():
        return program
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if not compiler or not shutil.which(compiler):
        raise LoadError(
            "no C compiler: the load generator is compiled with cc; on Debian and Ubuntu: apt-get install gcc libc6-dev"
        )
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{program.name}.{os.getpid()}"
    command = [compiler, *_FLAGS, "-o", str(unfinished), *(str(one) for one in sources if one.suffix == ".c")]
    said = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if said.returncode != 0:
        raise LoadError(f"{compiler} could not compile the load generator: {(said.stderr.splitlines() or ['no word why'])[0]}")
    for older in folder.glob("load-????????????"):
        older.unlink()
    unfinished.rename(program)
    return program


class Generator:
    """A process of it, with the connections that it holds."""

    def __init__(self, program: Path, port: int, people: Path, **options: object) -> None:
        given = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", str(value))]
        self._process = subprocess.Popen(
            [program, "client", "--port", str(port), "--people", people, *given],
            bufsize=0,  # a command that nobody took must not come up again when the pipe is closed
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_die_with_us,
        )
        assert self._process.stdout is not None
        os.set_blocking(self._process.stdout.fileno(), False)
        self._heard = b""

    def connect(self, count: int, *, seconds: float = 60) -> Answer:
        self._say(f"connect count={count} seconds={seconds}")
        return self._next(seconds + 5)

    def run(
        self,
        *,
        rate: float,
        senders: int,
        warm: float,
        seconds: float,
        drain: float,
        at: Callable[[str], None],
        count: int | None = None,
    ) -> Answer:
        """Sends at a rate, or no more than `count`; `at("begin")` and `at("end")` are called when the window opens and closes."""
        most = f" count={count}" if count else ""
        self._say(f"run rate={rate} senders={senders} warm={warm} seconds={seconds} drain={drain}{most}")
        while "did" not in (answer := self._next(warm + seconds + drain + 30)):
            at(answer["at"])
        return answer

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        for end in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert end is not None
            end.close()

    def _say(self, command: str) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(command.encode() + b"\n")
        except BrokenPipeError:
            raise LoadError(self._last_words()) from None

    def _next(self, seconds: float) -> Answer:
        assert self._process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self._heard:
            left = deadline - time.monotonic()
            if left <= 0:
                raise LoadError(f"the load generator said nothing for {seconds:.0f} s")
            if not select.select([self._process.stdout], [], [], left)[0]:
                continue
            more = self._process.stdout.read()
            if not more:
                raise LoadError(self._last_words())
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        answer: Answer = json.loads(line)
        return answer

    def _last_words(self) -> str:
        assert self._process.stderr is not None
        self._process.wait(10)
        return (
            self._process.stderr.read().decode(errors="replace").strip()
            or f"the load generator ended: {self._process.returncode}"
        )
