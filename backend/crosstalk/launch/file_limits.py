"""How many connections fit into the open files that the operating system allows this process."""

import resource
import sys
from dataclasses import dataclass

from crosstalk.settings import PREFIX, Settings, SettingsError

# The database, the log, epoll, what is read while the process starts, and a connection that is being handed over.
_LEAST_RESERVE, _MOST_RESERVE = 128, 1_000
# Connections beside the live ones: those that send a request, and those that are idle between two.
_WAITING = 1_000
LEAST_FILES = 256


@dataclass(frozen=True)
class FileBudget:
    """What the open files of a process are for. `live + waiting + reserve <= files`."""

    files: int
    live: int
    """Live connections: CROSSTALK_MAX_CONNECTIONS, or as many as fit."""
    waiting: int
    """Other connections: without a complete request, idle, or being answered."""

    @classmethod
    def fit(cls, max_connections: int, files: int) -> "FileBudget":
        """Needs `files >= LEAST_FILES`."""
        usable = most_connections(files)
        live = min(max_connections, usable - min(_WAITING, usable // 4))
        return cls(files, live, min(usable - live, max(_WAITING, max_connections)))

    @property
    def total(self) -> int:
        """All connections."""
        return self.live + self.waiting


def most_connections(files: int) -> int:
    """Connections that so many open files leave room for."""
    if files == resource.RLIM_INFINITY:
        return sys.maxsize
    return files - max(_LEAST_RESERVE, min(_MOST_RESERVE, files // 10))


def fitted(settings: Settings) -> tuple[Settings, FileBudget]:
    """The settings with the live connections that fit, and the budget. Raises the soft limit of this process, which its
    children inherit. Raises SettingsError when hardly anything fits."""
    wanted = settings.max_connections + max(_WAITING, settings.max_connections) + _MOST_RESERVE
    files = raise_file_limit(wanted)
    if files < LEAST_FILES:
        raise SettingsError(
            f"{PREFIX}MAX_CONNECTIONS={str(settings.max_connections)!r}: only {files} open files are allowed here (ulimit -n); "
            f"allow {wanted}, at least {LEAST_FILES}"
        )
    budget = FileBudget.fit(settings.max_connections, files)
    return settings.model_copy(update={"max_connections": budget.live}), budget


def too_few(settings: Settings, budget: FileBudget) -> str | None:
    """One line when less fits than the settings ask for."""
    if budget.live >= settings.max_connections:
        return None
    return (
        f"only {budget.files} open files are allowed here (ulimit -n): "
        f"{budget.live} live connections fit, not CROSSTALK_MAX_CONNECTIONS={settings.max_connections}"
    )


def raise_file_limit(wanted: int) -> int:
    """Raises the limit of open files as far as is allowed, at most to `wanted`. Returns the limit that holds then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    infinite = hard == resource.RLIM_INFINITY
    # Only a privileged process may raise the hard limit as well.
    for limit in ((wanted, hard if infinite else max(wanted, hard)), (wanted if infinite else min(wanted, hard), hard)):
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, limit)
        except (OSError, ValueError):
            continue
        return limit[0]
    return soft
