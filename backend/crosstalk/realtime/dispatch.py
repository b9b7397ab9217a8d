"""Commands: find, check, run, ack. The same operations as REST."""

from dataclasses import replace
from typing import Any

from crosstalk.core.errors import CrosstalkError, internal, invalid
from crosstalk.core.limits import Limits
from crosstalk.core.operations import OPERATIONS, Operation, Repeated
from crosstalk.realtime.connections import LiveConnection


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
