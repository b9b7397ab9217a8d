"""What /proc tells of a process and of the machine."""

import os
import platform
import resource
from dataclasses import dataclass
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_FILES = 20_000
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024


@dataclass(frozen=True)
class Usage:
    """What a process and all that it started have used, or use."""

    cpu_s: float
    rss_kb: int
    threads: int


def usage(pid: int) -> Usage:
    cpu_s, rss_kb, threads = 0.0, 0, 0
    for one in _tree(pid):
        try:
            # Behind the name, which may have blanks.
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended between the two looks
        cpu_s += (int(fields[11]) + int(fields[12])) * _TICK_S
        rss_kb += int(fields[21]) * _PAGE_KB
        threads += int(fields[17])
    return Usage(cpu_s, rss_kb, threads)


def _tree(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def busy_s() -> float:
    """CPU seconds that all cores have worked since they were started."""
    fields = [int(value) for value in Path("/proc/stat").read_text().partition("\n")[0].split()[1:]]
    return (sum(fields[:3]) + sum(fields[5:8])) * _TICK_S


def raise_file_limit() -> None:
    """Every connection is an open file, also to the peers, which inherit our limit and do not raise it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def description() -> dict[str, str]:
    memory_kb = int(_line("/proc/meminfo", "MemTotal").split()[0])
    return {
        "processor": f"{_line('/proc/cpuinfo', 'model name') or platform.machine()}, {os.cpu_count()} cores",
        "memory": f"{memory_kb / 1024 / 1024:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
    }


def _line(file: str, name: str) -> str:
    for line in Path(file).read_text().splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return ""
