"""`crosstalk run`: the API and the page, each a process of its own, kept alive until a signal ends both."""

import os
import select
import signal
import sys
import time
from collections.abc import Callable
from itertools import zip_longest
from pathlib import Path
from types import FrameType, TracebackType

from crosstalk.core.private_files import NotPrivate, make_folder
from crosstalk.core.storage_failures import identity_of
from crosstalk.launch import async_mode
from crosstalk.launch.addresses import for_probing
from crosstalk.launch.banner import docs_line, origins_line
from crosstalk.launch.page_server import serve_page
from crosstalk.launch.ports import PortError, check_free
from crosstalk.launch.processes import follow_make, make_is_interrupted
from crosstalk.launch.run_settings import api_finder, hand_over, only_origin, page_origins, settings_for_run, unreachable
from crosstalk.launch.service import Service
from crosstalk.settings import Settings, SettingsError

PAGE = Path("frontend/dist")
LOGS = Path("var/log")

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_STOP_S = 6.0
# Ctrl-C comes more than once: from the terminal, and again from make. A later one is somebody in a hurry.
_SAME_WISH_S = 1.0
_SLOW_START_S = 15.0


def supervise(settings: Settings) -> int:
    """Run both until told to stop; the exit status. Raises PortError when a port is taken."""
    follow_make()
    if settings.port == settings.page_port:
        raise PortError(f"port {settings.port} is wanted twice: CROSSTALK_PORT and CROSSTALK_PAGE_PORT must differ")
    asked, settings = settings, settings_for_run(settings)
    check_free(settings.host, settings.port, "CROSSTALK_PORT")
    check_free(settings.page_host, settings.page_port, "CROSSTALK_PAGE_PORT")
    if not (PAGE / "index.html").exists():
        _say(f"there is no built page in {PAGE}: say `make run` in the project's folder")
        return 1
    with _Signals() as signals:
        _say(f"preparing the database {settings.database_path} and starting")
        services = _services(settings, api_finder(asked, settings))
        try:
            if not _start(services, signals):
                return signals.exit_status
            _print_addresses(settings)
            _keep_alive(services, signals, settings.database_path)
            _say("stopping")
        finally:
            _stop(services, signals)
    _say("stopped")
    return signals.exit_status


def _print_addresses(settings: Settings) -> None:
    for name, page in zip_longest(["page"], page_origins(settings), fillvalue=""):
        _say(f"{name:<7}  {page}")
    _say(f"API      {settings.api_url}  (log: {LOGS / 'api.log'})")
    _say(docs_line(settings))
    _say(origins_line(settings))
    if (line := unreachable(settings)) is not None:
        _say(line)
    _say("Ctrl-C stops both")


def _services(settings: Settings, api_for: Callable[[str], str]) -> tuple[Service, ...]:
    api = _api(settings)
    try:
        make_folder(LOGS)
        return _served(settings, api, api_for)
    except (OSError, NotPrivate) as refused:
        raise SettingsError(f"the log {LOGS / 'api.log'} cannot be written: {refused}") from None


def _served(settings: Settings, api: Callable[[], None], api_for: Callable[[str], str]) -> tuple[Service, ...]:
    return (
        Service(
            "API",
            api,
            probe=(for_probing(settings.host), settings.port, "/healthz"),
            log=LOGS / "api.log",
        ),
        Service(
            "page",
            lambda: serve_page(settings.page_host, settings.page_port, PAGE, api_for, only_origin(settings)),
            probe=(for_probing(settings.page_host), settings.page_port, "/"),
        ),
    )


def _api(settings: Settings) -> Callable[[], None]:
    """What the API's process does. Raises ModeError."""
    if async_mode.chosen(settings.async_mode) != "threading":
        # What we have imported here waits on threads: green ones need a Python of their own.
        command = [sys.executable, "-m", "crosstalk", "serve", "--quiet"]

        def serve() -> None:
            hand_over(settings)
            os.execv(sys.executable, command)

        return serve
    # Not at the top: a taken port is told before a second has gone into importing the API.
    from crosstalk.launch.threads import serve_threads

    return lambda: serve_threads(settings, quiet=True)


def _start(services: tuple[Service, ...], signals: "_Signals") -> bool:
    """Whether all of them answered; not when one ended before it did, or when a signal came."""
    if signals.wait(0):
        return False
    began = time.monotonic()
    told = False
    for service in services:
        service.start()
    while not all(service.answers for service in services):
        if signals.wait(0.05):
            return False
        for service in services:
            if service.has_ended():
                _say(f"the {service.name} {service.ending} before it answered; why is above")
                signals.exit_status = 1
                return False
            if not service.answers:
                service.look()
        if not told and time.monotonic() - began > _SLOW_START_S:
            told = True
            _say("still waiting for " + " and ".join(f"the {service.name}" for service in services if not service.answers))
    return True


def _keep_alive(services: tuple[Service, ...], signals: "_Signals", database: Path) -> None:
    file = identity_of(database)
    while not signals.wait(0.5 if all(service.answers for service in services) else 0.05):
        if file is not None and identity_of(database) != file:
            file = None
            _say(f"{database} was deleted or replaced: nothing is stored any more; stop with Ctrl-C and start again")
        for service in services:
            if service.planned_at is not None:
                if service.may_start():
                    service.start()
            elif service.has_ended():
                if service.is_refused:
                    _say(f"the {service.name} cannot have its database back; why is above")
                    signals.exit_status = 1
                    return
                delay = service.plan_restart()
                _say(f"the {service.name} {service.ending}; starting it again" + (f" in {delay:.0f} s" if delay else ""))
            elif not service.answers and service.look():
                _say(f"the {service.name} answers again")


def _stop(services: tuple[Service, ...], signals: "_Signals") -> None:
    for service in services:
        service.signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_S
    while any(service.is_running() for service in services) and time.monotonic() < deadline and not signals.in_a_hurry:
        signals.wait(0.05)
    for service in services:
        service.end()


class _Signals:
    """Signals as something to wait for, so that they are acted on in one place and interrupt nothing."""

    exit_status = 0
    in_a_hurry = False

    def __enter__(self) -> "_Signals":
        self._reader, self._writer = os.pipe()
        for end in (self._reader, self._writer):
            os.set_blocking(end, False)
        self._told_at: float | None = None
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, _wake)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        signal.set_wakeup_fd(-1)
        for number in _STOPPING:
            # Nothing is left to stop: a late Ctrl-C must not turn the good end into a failure.
            signal.signal(number, signal.SIG_IGN)
        os.close(self._reader)
        os.close(self._writer)

    def wait(self, seconds: float) -> bool:
        """Whether we have been told to stop, by now or within the time. A child's end cuts the wait short."""
        now = time.monotonic()
        if not select.select([self._reader], [], [], seconds)[0]:
            told = self._told_at is None and make_is_interrupted()
        else:
            told = any(number in _STOPPING for number in os.read(self._reader, 512))
        if told and self._told_at is not None:
            self.in_a_hurry = self.in_a_hurry or now - self._told_at > _SAME_WISH_S
        elif told:
            self._told_at = now
        return self._told_at is not None


def _wake(_signal: int, _frame: FrameType | None) -> None:
    """Do nothing here: the number is in the pipe."""


def _say(text: str) -> None:
    try:
        print(f"crosstalk: {text}", flush=True)
    except OSError:
        # The terminal is gone, and there are still processes to stop.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
