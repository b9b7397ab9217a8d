"""Writes a series of JSON items into a room, and does not lose its place when the API goes away for a while."""

import secrets
from collections.abc import Callable
from typing import Any

from crosstalk.demo.api import Api, Refused, Unreachable

_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 4.0

Wait = Callable[[float], bool]
"""Waits so many seconds; True when somebody wants to end."""


class Ended(Exception):
    """The series takes nothing more: somebody stopped it, or another producer writes it now."""


class GivenUp(Exception):
    """Somebody wanted to end while the API was away."""


class Series:
    """A stream of `application/json`, under a lease. One that is full is finished, and followed by another."""

    def __init__(self, api: Api, room_id: str, *, wait: Wait, tell: Callable[[str], None]) -> None:
        self._api, self._room_id, self._wait, self._tell = api, room_id, wait, tell
        self._stream_id = ""
        self._lease = 0
        self._offset = 0
        self.lease_s = 0.0

    def open(self) -> None:
        # One client_id for all attempts: an open whose answer was lost is not made twice.
        opening = {"client_id": f"series-{secrets.token_hex(8)}", "content_type": "application/json"}
        opened = self._insist(lambda: self._api.ask("POST", f"/rooms/{self._room_id}/streams", opening))
        self._stream_id, self._lease, self.lease_s = opened["stream_id"], opened["lease"], opened["lease_s"]
        self._offset = 0

    def append(self, item: dict[str, Any]) -> None:
        """Returns when the item is stored, once."""
        stored = False
        while not stored:
            place = self._offset
            try:
                self._offset = self._write("chunks", {"offset": place, "items": [item]})
            except Refused as refused:
                if refused.code != "too_large":
                    raise
                self.finish()
                self.open()
            else:
                stored = self._offset > place

    def renew(self) -> None:
        """Says that there is somebody, though there is nothing to write."""
        self._offset = self._write("renew", {})

    def finish(self) -> None:
        """Saying it twice is harmless, so an answer that was lost is asked for again."""
        try:
            self._insist(lambda: self._command("finish", {}))
        except Refused as refused:
            if refused.code != "stream_ended":
                raise
            self._go_on()
            self._insist(lambda: self._command("finish", {}))

    def _write(self, command: str, body: dict[str, Any]) -> int:
        """The offset after it; when the API was away meanwhile, the durable one, which may be before it or after it."""
        try:
            return self._command(command, body)
        except Unreachable as gone:
            self._tell(f"the API does not answer ({gone}); trying again")
            return self._go_on(after_s=_FIRST_PAUSE_S)
        except Refused as refused:
            if refused.code != "stream_ended":
                raise
            return self._go_on()

    def _go_on(self, *, after_s: float = 0.0) -> int:
        """Takes the next lease, and says where the series stands."""
        try:
            taken = self._insist(lambda: self._api.ask("POST", f"/streams/{self._stream_id}/continue", {}), after_s=after_s)
        except Refused as refused:
            raise Ended(str(refused)) from refused
        self._lease = taken["lease"]
        offset: int = taken["offset"]
        self._tell(f"going on under lease {self._lease}, at item {offset}")
        return offset

    def _command(self, command: str, body: dict[str, Any]) -> int:
        try:
            told = self._api.ask("POST", f"/streams/{self._stream_id}/{command}", {"lease": self._lease, **body})
        except Refused as refused:
            if refused.code == "stale_lease":
                raise Ended("Another producer has taken over.") from refused
            raise
        offset: int = told["offset"]
        return offset

    def _insist(self, attempt: Callable[[], Any], *, after_s: float = 0.0) -> Any:
        """Again and again until the API answers, with growing pauses."""
        pause = after_s
        while True:
            if pause and self._wait(pause):
                raise GivenUp
            try:
                return attempt()
            except Unreachable as gone:
                pause = max(gone.after_s, min(_LONGEST_PAUSE_S, 2 * (pause or _FIRST_PAUSE_S)))
