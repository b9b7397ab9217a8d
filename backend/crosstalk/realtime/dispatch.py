"""Commands: find, check, run, ack. The same operations as REST."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from crosstalk.core import db
from crosstalk.core.errors import CrosstalkError, internal, invalid, unavailable
from crosstalk.core.failpoints import failpoint
from crosstalk.core.limits import Limits
from crosstalk.core.operations import BODY_BYTES, OPERATIONS, Operation, Repeated
from crosstalk.realtime.connections import LiveConnection

_LOOK_S = 0.02
# A refusal costs a fraction of a command, but not nothing: a client that goes on without waiting is disconnected for its flood.
_REFUSED_PACKETS = 9

Ack = dict[str, Any]
Later = Callable[[Callable[[Ack], object]], None]


class Dispatch:
    """Runs the commands of all connections; each connection's one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._commands = {one.command: one for one in OPERATIONS.values() if one.command}
        self._counting = threading.Lock()
        self._running = 0
        self._asked_at = 0.0
        self._stopping = False

    def most_bytes(self, command: str | None) -> int:
        """The most bytes of a command's arguments as JSON; also for what is no command, which is refused by name."""
        operation = self._commands.get(command) if command else None
        return BODY_BYTES if operation is None else operation.body_bytes

    def stop(self) -> None:
        """Refuses what comes from here on."""
        self._stopping = True

    def settle(self, until: float, silence_s: float = 0.0) -> None:
        """Returns when what has been begun has been answered, and nothing has come for so long; at the latest at a moment of
        the monotonic clock."""
        while (now := time.monotonic()) < until and (self._running or now < self._asked_at + silence_s):
            time.sleep(_LOOK_S)

    def run(self, connection: LiveConnection, command: str, arguments: tuple[Any, ...]) -> Ack | Later:
        """The ack: `{ok: true, data}` or `{ok: false, error}`; or, while what it did is not on disk, whom to tell it to."""
        with self._counting:
            self._running += 1
            self._asked_at = time.monotonic()
        answer = self._answer(connection, command, arguments)
        if isinstance(answer, dict):
            self._ran()
        return answer

    def _answer(self, connection: LiveConnection, command: str, arguments: tuple[Any, ...]) -> Ack | Later:
        try:
            if self._stopping:
                raise unavailable("The server is stopping. Reconnect in a moment.")
            operation = self._commands.get(command)
            if operation is None:
                raise invalid(command="is not a known command")
            if not operation.deferrable:
                db.settle()
                return _done(self._result(connection, operation, arguments))
            with db.deferring() as deferral:
                result = self._result(connection, operation, arguments)
            tx = deferral.tx
            if tx is None:
                return _done(result)
        except Exception as error:
            if isinstance(error, CrosstalkError) and error.code == "rate_limited":
                connection.charge(_REFUSED_PACKETS)
            return _failed(error, command)
        return lambda tell: tx.then(lambda error: self._stored(command, result, error, tell))

    def _stored(self, command: str, result: Any, error: BaseException | None, tell: Callable[[Ack], object]) -> None:
        try:
            if error is not None:
                raise error
            ack = _done(result)
        except Exception as failed:
            ack = _failed(failed, command)
        try:
            tell(ack)
        finally:
            self._ran()

    def _ran(self) -> None:
        with self._counting:
            self._running -= 1

    def _result(self, connection: LiveConnection, operation: Operation, arguments: tuple[Any, ...]) -> Any:
        actor = replace(connection.actor, connection=connection)
        self._limits.check(operation, actor)
        if len(arguments) > 1:
            raise invalid(body="must be one JSON object")
        body = operation.input.read(arguments[0] if arguments else {})
        self._limits.charge(operation, actor, body)
        result = operation(actor, body)
        if isinstance(result, Repeated):
            result = result.value
        return None if result is None else result.wire()


def _done(result: Any) -> Ack:
    failpoint("ack:before")
    return {"ok": True, "data": result}


def _failed(error: Exception, command: str) -> Ack:
    refused = error if isinstance(error, CrosstalkError) else internal(error, operation=command[:64])
    return {"ok": False, "error": refused.ack()}
