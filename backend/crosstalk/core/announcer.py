"""Delivers what transactions announced: after the commit, in the order of the commits, by one thread."""

import queue
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from crosstalk.core import live
from crosstalk.core.failpoints import failpoint
from crosstalk.core.operations import LISTENERS, Event

# No event waits longer for others to share its way.
MOST_WAIT_S = 0.025
log = structlog.get_logger("announcer")


@dataclass(frozen=True, slots=True)
class Announcement:
    """An event and who is to hear it."""

    event: Event
    topics: Sequence[str]


class Announcer:
    """One queue, one thread: so the events of a room go out in seq order, the same for every member."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[list[Announcement] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Delivers what is waiting, then ends."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def put(self, announcements: list[Announcement]) -> None:
        """What one commit announces, in its order."""
        if self._thread is not None and announcements:
            self._queue.put(announcements)

    def _run(self) -> None:
        going_on = True
        while going_on:
            waiting = [self._queue.get()]
            if waiting[0] is not None:
                _wait_for_company()
            while not self._queue.empty():
                waiting.append(self._queue.get())
            with live.clients.together():
                for announcements in waiting:
                    going_on = announcements is not None
                    for announcement in announcements or ():
                        self._deliver(announcement)

    def _deliver(self, announcement: Announcement) -> None:
        event = announcement.event
        self._listen(event, before=True)
        try:
            failpoint("announce:before")
            live.publish(announcement.topics, event)
            failpoint("announce:after")
        except Exception:
            log.exception("publish failed", event_name=event.name())
        self._listen(event, before=False)

    def _listen(self, event: Event, *, before: bool) -> None:
        # A listener's fault must cost nobody the event: it is stored, and the others are waiting for it.
        for listener in LISTENERS:
            if listener.before is before and isinstance(event, listener.event):
                try:
                    listener.run(event)
                except Exception:
                    log.exception("listener failed", listener=listener.run.__qualname__, event_name=event.name())


def _wait_for_company() -> None:
    """A write to a client costs about the same for one event as for ten."""
    until = time.monotonic() + MOST_WAIT_S
    while (pause := min(live.clients.patience(), until - time.monotonic())) > 0:
        time.sleep(pause)
