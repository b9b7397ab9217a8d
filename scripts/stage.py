"""Runs one stage of the installation: `scripts/stage.sh STAMP… -- COMMAND…`.

The stamps are removed before the command runs and written after it succeeds, so a stage that was interrupted at any moment, also
by SIGKILL, has no stamp and runs again. The command finds in STAGE_WAS_DONE whether the first stamp was there: if not, it must
not build on what it finds.

One stage runs at a time in a checkout. The command runs in a process group of its own, which is killed on Ctrl-C: pip, npm and
Vite would each report the interruption in their own way.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "backend"))
sys.dont_write_bytecode = True

from crosstalk.launch.processes import die_with_parent, follow_make, make_is_interrupted  # noqa: E402

# Set for stages inside this one, which run under its lock and in its process group.
INSIDE = "STAGE_INSIDE"
WAS_DONE = "STAGE_WAS_DONE"
_MAKE_REACTS_S = 1.0
_LOOK_S = 0.5


def main(arguments: list[str]) -> int:
    between = arguments.index("--")
    stamps, command = [Path(one) for one in arguments[:between]], arguments[between + 1 :]
    follow_make()
    with Stage(command) as stage:
        return stage.run(stamps)


class Interrupted(BaseException):
    """Ctrl-C, SIGTERM or SIGHUP."""


class Stage:
    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Stage":
        if INSIDE not in os.environ:
            signal.signal(signal.SIGINT, _interrupt)
            signal.signal(signal.SIGTERM, _interrupt)
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup
                signal.signal(signal.SIGHUP, _interrupt)
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        if isinstance(error, Interrupted):
            _end_interrupted()

    def run(self, stamps: list[Path]) -> int:
        lock = None if INSIDE in os.environ else _lock()
        # Under the lock: another run may have finished the stage meanwhile.
        was_done = "1" if stamps[0].exists() else "0"
        for stamp in stamps:
            stamp.unlink(missing_ok=True)
        environment = os.environ | {INSIDE: "1", WAS_DONE: was_done}
        # The lock is inherited: what a killed stage left running holds it until it ends.
        inherited = () if lock is None else (lock,)
        begin = _die_with_stage if lock is None else _in_own_group
        self._process = subprocess.Popen(
            self._command, env=environment, stdin=subprocess.DEVNULL, pass_fds=inherited, preexec_fn=begin
        )
        while self._process.poll() is None:
            if make_is_interrupted():
                raise Interrupted
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_S)
        status = self._process.returncode
        if status == 0:
            for stamp in stamps:
                stamp.touch()
        return status if status >= 0 else 1


_die_with_stage = die_with_parent(signal.SIGKILL)


def _in_own_group() -> None:
    os.setpgid(0, 0)
    _die_with_stage()


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise Interrupted


def _lock() -> int:
    """A lock on the checkout's folder, held by this process and those that it starts."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("  waiting for another installation in this folder to end", flush=True)
        fcntl.flock(folder, fcntl.LOCK_EX)
    return folder


def _end_interrupted() -> NoReturn:
    print("\ncrosstalk: interrupted; the same command goes on from here", file=sys.stderr, flush=True)
    # An interrupted make ends by itself. Only otherwise must the failure be its reason, which it prints.
    deadline = time.monotonic() + _MAKE_REACTS_S
    while time.monotonic() < deadline:
        if make_is_interrupted():
            os._exit(0)
        time.sleep(0.02)
    os._exit(130)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
