"""Commands: find, check, run, ack. The same operations as REST."""

import threading
import time
from dataclasses import replace
from typing import Any

from crosstalk.core.errors import CrosstalkError, internal, invalid, unavailable
from crosstalk.core.failpoints import failpoint
from crosstalk.core.limits import Limits
from crosstalk.core.operations import OPERATIONS, Operation, Repeated
from crosstalk.realtime.connections import LiveConnection

# A server that stops waits so long for commands to end, and takes so long a silence for their end.
STOPPING_S = 1.0
QUIET_S = 0.1


class Dispatch:
    """Runs the commands of all connections; each connection's one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._commands = {one.command: one for one in OPERATIONS.values() if one.command}
        self._counting = threading.Condition()
        self._running = 0
        self._asked_at = 0.0
        self._stopping = False

    def stop(self) -> None:
        """Refuses what comes from here on, and returns when everything that had come has been answered."""
        self._stopping = True
        self.settle()

    def settle(self) -> None:
        """Returns when everything that had come has been answered, and nothing more comes."""
        until = time.monotonic() + STOPPING_S
        with self._counting:
            while (now := time.monotonic()) < until and (self._running or now - self._asked_at < QUIET_S):
                self._counting.wait(QUIET_S / 3)

    def run(self, connection: LiveConnection, command: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The ack: `{ok: true, data}` or `{ok: false, error}`."""
        with self._counting:
            self._running += 1
            self._asked_at = time.monotonic()
        try:
            return self._answer(connection, command, arguments)
        finally:
            with self._counting:
                self._running -= 1

    def _answer(self, connection: LiveConnection, command: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        try:
            if self._stopping:
                raise unavailable("The server is stopping; come back in a moment.")
            operation = self._commands.get(command)
            if operation is None:
                raise invalid(command="is not a command of this server")
            answer = {"ok": True, "data": self._result(connection, operation, arguments)}
            failpoint("ack:before")
            return answer
        except CrosstalkError as refused:
            return {"ok": False, "error": refused.ack()}
        except Exception as error:
            return {"ok": False, "error": internal(error, operation=command[:64]).ack()}

    def _result(self, connection: LiveConnection, operation: Operation, arguments: tuple[Any, ...]) -> Any:
        actor = replace(connection.actor, connection=connection)
        self._limits.check(operation, actor)
        if len(arguments) > 1:
            raise invalid(body="a command has one argument, an object")
        body = operation.input.read(arguments[0] if arguments else {})
        result = operation(actor, body)
        if isinstance(result, Repeated):
            result = result.value
        return None if result is None else result.wire()
