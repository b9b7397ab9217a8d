"""Commands: find, check, run, ack. The same operations as REST."""

from dataclasses import replace
from typing import Any

import structlog

from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.ids import new_id
from crosstalk.core.limits import Limits
from crosstalk.core.operations import OPERATIONS, Operation, Repeated
from crosstalk.realtime.connections import LiveConnection

log = structlog.get_logger("commands")


class Dispatch:
    """Runs the commands of all connections; each connection's one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._commands = {one.command: one for one in OPERATIONS.values() if one.command}

    def run(self, connection: LiveConnection, command: str, arguments: tuple[Any, ...]) -> dict[str, Any]:
        """The ack: `{ok: true, data}` or `{ok: false, error}`."""
        try:
            operation = self._commands.get(command)
            if operation is None:
                raise invalid(command="is not a command of this server")
            return {"ok": True, "data": self._result(connection, operation, arguments)}
        except CrosstalkError as refused:
            return {"ok": False, "error": refused.ack()}
        except Exception as error:
            trace_id = new_id()
            log.error("internal error", id=trace_id, command=command[:64], exc_info=error)
            ours = CrosstalkError("internal", f"Something went wrong on our side; report {trace_id}.")
            return {"ok": False, "error": ours.ack()}

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
