"""One process of `crosstalk run`: started, watched, asked whether it answers, started again, ended.

It is forked from the supervisor and not executed anew: everything is imported already, so that an API that died is back
in a fraction of a second.
"""

import http.client
import os
import signal
import sys
import time
import traceback
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from crosstalk.core import private_files
from crosstalk.core.database_lock import DatabaseInUse
from crosstalk.launch.ports import PortError, check_free
from crosstalk.launch.processes import DATABASE_IN_USE, die_with_parent
from crosstalk.settings import SettingsError

_LETTING_GO_S = 2.0
_LONGEST_DELAY_S = 10.0
_OFTEN = (10, 30.0, 5.0)  # so many ends within so many seconds: wait so many before the next start
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)

_die_with_supervisor = die_with_parent(signal.SIGKILL)


class Service:
    def __init__(self, name: str, work: Callable[[], None], probe: tuple[str, int, str], log: Path | None = None) -> None:
        self.name = name
        self.log = log
        self.answers = False
        self.ending = ""
        self.is_refused = False
        """Whether it ended because another process owns its database."""
        self.planned_at: float | None = None
        self._work = work
        self._probe = probe
        self._pid: int | None = None
        self._failed_starts = 0
        self._ended_at: deque[float] = deque(maxlen=_OFTEN[0])
        if log is not None and log.exists():
            private_files.tighten(log)
            log.replace(log.with_suffix(".log.1"))

    def start(self) -> None:
        self.planned_at = None
        self.answers = False
        supervisor = os.getpid()
        sys.stdout.flush()
        # A signal that came to the child while it still has our handlers would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self._pid = os.fork()
            if self._pid == 0:
                self._be_the_child(supervisor)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        _join_group(self._pid)

    def _be_the_child(self, supervisor: int) -> NoReturn:
        status = 1
        try:
            _join_group(0)
            _die_with_supervisor()
            if os.getppid() != supervisor:
                os._exit(1)  # it ended before the kernel knew of our wish
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            if self.log is not None:
                private_files.make_file(self.log)
                os.dup2(os.open(self.log, os.O_WRONLY | os.O_APPEND), 1)
            self._work()
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        except (PortError, SettingsError) as refused:
            print(f"crosstalk: {refused}", file=sys.stderr)
        except DatabaseInUse as refused:
            print(f"crosstalk: {refused}", file=sys.stderr)
            status = DATABASE_IN_USE
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def has_ended(self) -> bool:
        """Whether it ended since the last look; then `ending` says how."""
        if self._pid is None:
            return False
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            return False
        code = os.waitstatus_to_exitcode(status)
        self.ending = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        self.is_refused = code == DATABASE_IN_USE
        self.signal(signal.SIGKILL)  # what it may have left behind holds the port
        self._pid = None
        return True

    def is_running(self) -> bool:
        return self._pid is not None and not self.has_ended()

    def look(self) -> bool:
        """Ask whether it answers by now."""
        host, port, path = self._probe
        connection = http.client.HTTPConnection(host, port, timeout=1)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            self.answers = connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            self.answers = False
        finally:
            connection.close()
        if self.answers:
            self._failed_starts = 0
        return self.answers

    def plan_restart(self) -> float:
        """In how many seconds: at once, unless its starts fail one after the other or it dies all the time."""
        now = time.monotonic()
        times, within, pause = _OFTEN
        if not self.answers:
            self._failed_starts += 1
            delay = min(2.0 ** (self._failed_starts - 1), _LONGEST_DELAY_S)
        else:
            delay = pause if len(self._ended_at) == times and now - self._ended_at[0] < within else 0.0
        self._ended_at.append(now)
        self.answers = False
        self.planned_at = now + delay
        return delay

    def may_start(self) -> bool:
        """Whether its time has come and its last process has let go of the port."""
        waited = time.monotonic() - (self.planned_at or 0.0)
        if not 0 <= waited < _LETTING_GO_S:
            return waited > 0  # whoever holds the port now: the new process will say so itself
        host, port, _ = self._probe
        try:
            check_free(host, port, "")
        except PortError:
            return False
        return True

    def signal(self, number: signal.Signals) -> None:
        if self._pid is None:
            return
        try:
            os.killpg(self._pid, number)
        except ProcessLookupError:
            return  # nobody is left in the group: that is what was wanted

    def end(self) -> None:
        self.signal(signal.SIGKILL)
        if self._pid is not None:
            os.waitpid(self._pid, 0)
            self._pid = None


def _join_group(pid: int) -> None:
    """A group of its own, so that Ctrl-C is for the supervisor. Asked for on both sides, whichever is first."""
    try:
        os.setpgid(pid, pid)
    except (PermissionError, ProcessLookupError):
        return  # it has done so itself, or has ended already
