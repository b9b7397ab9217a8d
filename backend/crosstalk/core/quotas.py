"""What one person may keep on this server: bytes stored a day, rooms, open streams; and a reserve of free disk.

Bytes are counted in memory and written to the table `stored_bytes` every few seconds, because a row for each message would cost
more than the message's own index entries. A crash forgets at most the last seconds; a regular stop forgets nothing. Networks
are counted in memory alone: their addresses are not stored.
"""

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog
from prometheus_client import Counter, Gauge

from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.errors import quota_exceeded, unavailable
from crosstalk.core.limits import LOOPBACK_FACTOR, counted_network
from crosstalk.core.windows import Rate

DAY_MS = 86_400_000
ROW_BYTES = 256
"""What a row takes beside its text, with its entries in the indexes."""
GUEST_BYTES = 1_024
"""A guest with a session."""
GUESTS_A_NETWORK = 4
"""All guests of a network together may store so many times the bytes of one guest."""
SMALL_BYTES = 4_096
"""What is still stored while the free disk is below the reserve."""
RESERVE_SHARE = 0.05
"""Of a small file system only so much is held in reserve."""
LOW_DISK_RETRY_S = 30.0
ANSWERS_AT_ONCE = 2
ASK_RATE = Rate(10, 60)
_exceeded = Counter("crosstalk_quota_exceeded", "Writes refused by a quota", ["quota"])
_free = Gauge("crosstalk_disk_free_bytes", "Free bytes of the file system that holds the database")
_low = Gauge("crosstalk_disk_low", "1 while the free disk is below CROSSTALK_DISK_RESERVE")
log = structlog.get_logger("quotas")


@dataclass(frozen=True, slots=True)
class Quotas:
    """The bounds of one person; None is no bound. See the settings of the same names."""

    daily_bytes: int | None = None
    guest_daily_bytes: int | None = None
    rooms: int | None = None
    guest_rooms: int | None = None
    room_invites: int | None = None
    """Open invites of one room; a person may have a fifth of them."""
    open_streams: int | None = None
    """Streams that clients of one person produce."""
    written_streams: int | None = None
    """Streams that the server writes for one person: texts at a pace and answers."""
    answers: int | None = None
    """Answers of the assistant that are written for one person at once."""
    ask_rate: Rate | None = None
    """How often one person may ask the assistant."""
    all_written_streams: int | None = None
    """The same, for everybody together."""
    guest_away_hours: float = 0
    """Hours after which a guest who is away leaves public rooms; 0: never. No limit, so it counts also when limits are off."""
    guest_days: int = 0
    """Days after which a guest who is away leaves all rooms, and half of the days after which one who never wrote is deleted."""

    def rooms_of(self, actor: Actor) -> int | None:
        return self.guest_rooms if actor.guest else self.rooms

    def daily_bytes_of(self, *, guest: bool) -> int | None:
        return self.guest_daily_bytes if guest else self.daily_bytes


def exceeded(quota: str, message: str, retry_after: float | None = None) -> Exception:
    """The refusal of a quota, counted."""
    _exceeded.labels(quota).inc()
    return quota_exceeded(message, retry_after)


class Usage:
    """How many bytes each person and each network of guests has stored today (UTC), and how much disk is free."""

    def __init__(self, folder: Path) -> None:
        self.quotas = Quotas()
        self.reserve = 0
        self.low = False
        """Whether the free disk is below the reserve."""
        self._folder = folder
        self._lock = threading.Lock()
        self._day = today()
        self._bytes: dict[str, int] = {}
        self._networks: dict[str, int] = {}
        self._unsaved: set[str] = set()

    def load(self, day: int, stored: Mapping[str, int]) -> None:
        """Goes on from what the table has of a day."""
        with self._lock:
            self._turn(day)
            self._bytes.update(stored)

    def take_unsaved(self) -> tuple[int, dict[str, int]]:
        """The day, and the counts that the table does not have yet."""
        with self._lock:
            self._turn(today())
            unsaved = {user_id: self._bytes[user_id] for user_id in self._unsaved}
            self._unsaved.clear()
        return self._day, unsaved

    def spend(self, actor: Actor, size: int) -> Callable[[], None] | None:
        """Counts bytes that the actor is about to store. Returns what takes them back, or None when nothing was counted. Raises
        `quota_exceeded` until the day ends, or `unavailable` when the free disk is below the reserve and the write is not small."""
        if self.low and size > SMALL_BYTES + ROW_BYTES:
            raise self._no_space()
        most = self.quotas.daily_bytes_of(guest=actor.guest)
        if most is None:
            return None
        day = today()
        with self._lock:
            self._turn(day)
            used = self._bytes.get(actor.user_id, 0) + size
            if used > most:
                raise exceeded(
                    "daily_bytes", f"You have reached the limit of {most:,} stored bytes per day (UTC).", _seconds_left()
                )
            if actor.guest:
                self._spend_for_network(actor.address, most, size)
            self._bytes[actor.user_id] = used
            self._unsaved.add(actor.user_id)
        return lambda: self._take_back(day, actor, size)

    def spend_guest(self, address: str) -> None:
        """Counts a new guest against its network. Raises as `spend` does."""
        self.require_space()
        most = self.quotas.guest_daily_bytes
        if most is not None:
            with self._lock:
                self._turn(today())
                self._spend_for_network(address, most, GUEST_BYTES)

    def add(self, user_id: str, size: int) -> None:
        """Counts what the server stored for a person by itself; the next write of this person may be refused for it."""
        if self.quotas.daily_bytes is not None:
            with self._lock:
                self._turn(today())
                self._bytes[user_id] = self._bytes.get(user_id, 0) + size
                self._unsaved.add(user_id)

    def require_space(self) -> None:
        """Raises `unavailable` when the free disk is below the reserve."""
        if self.low:
            raise self._no_space()

    def look_at_disk(self, free_and_total: Callable[[Path], tuple[int, int]] | None = None) -> None:
        """Compares the free disk with the reserve, and logs when it crosses it."""
        free, total = (free_and_total or _free_and_total)(self._folder)
        reserve = min(self.reserve, int(total * RESERVE_SHARE))
        low = free < reserve
        _free.set(free)
        _low.set(low)
        if low is not self.low:
            self.low = low
            say = log.warning if low else log.info
            say("disk below the reserve" if low else "disk above the reserve", free_bytes=free, reserve_bytes=reserve)

    def _no_space(self) -> Exception:
        _exceeded.labels("disk_reserve").inc()
        return unavailable("The server's disk is nearly full. Only small messages can be stored.", LOW_DISK_RETRY_S)

    def _spend_for_network(self, address: str, most: int, size: int) -> None:
        network, local = counted_network(address)
        used = self._networks.get(network, 0) + size
        if used > most * GUESTS_A_NETWORK * (LOOPBACK_FACTOR if local else 1):
            raise exceeded(
                "network_bytes",
                "The guests of this network have reached their limit of stored bytes for today (UTC). Sign in with an account.",
                _seconds_left(),
            )
        self._networks[network] = used

    def _take_back(self, day: int, actor: Actor, size: int) -> None:
        with self._lock:
            if day == self._day:
                self._bytes[actor.user_id] -= size
                if actor.guest:
                    self._networks[counted_network(actor.address)[0]] -= size

    def _turn(self, day: int) -> None:
        if day != self._day:
            self._day = day
            self._bytes.clear()
            self._networks.clear()
            self._unsaved.clear()


def today() -> int:
    """Days since 1970-01-01 (UTC)."""
    return steady_ms() // DAY_MS


def text_bytes(text: str) -> int:
    """The bytes of a text in UTF-8."""
    return len(text) if text.isascii() else len(text.encode())


def _seconds_left() -> float:
    return (DAY_MS - steady_ms() % DAY_MS) / 1000


def _free_and_total(folder: Path) -> tuple[int, int]:
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize, stat.f_blocks * stat.f_frsize
