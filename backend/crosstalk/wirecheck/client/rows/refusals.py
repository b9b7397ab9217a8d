"""What is refused, and that nothing else breaks by it."""

from typing import Any

from crosstalk.wirecheck.client.connection import Connection
from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, show, show_arguments

_FLOOD = 3_000


def _error(line: Connection, event: str, *arguments: Any) -> dict[str, Any]:
    """The error of an ack that must be one."""
    acked = line.ask(event, *arguments)
    answer = acked[0] if len(acked) == 1 else None
    if not isinstance(answer, dict) or answer.get("ok") is not False or not isinstance(answer.get("error"), dict):
        raise Unlike(f"the ack of `{event}` {show_arguments(arguments)} had {show_arguments(acked)}")
    error: dict[str, Any] = answer["error"]
    if missing := {"code", "message"} - error.keys():
        raise Unlike(f"the error lacks {', '.join(sorted(missing))}: {show(error)}")
    return error


@row("invalid", "what is not valid is acked {ok: false, error: {code, message, fields}}; the connection stays")
def invalid(desk: Desk) -> str:
    line = desk.open()
    tried: list[tuple[str, Any]] = [
        ("room_message", {"data": desk.token}),
        ("join", {"username": "", "room": desk.token}),
        ("join", {"username": "Ann", "room": "r" * 101}),
        ("start_stream", {"text": desk.token, "pace_ms": -1}),
        ("start_stream", {"text": "x" * 10_001}),
    ]
    for event, argument in tried:
        error = _error(line, event, argument)
        if error["code"] == "invalid" and not error.get("fields"):
            raise Unlike(f"the error of `{event}` {show(argument)} names no fields: {show(error)}")
    line.ask("message", desk.token)
    line.hear_once("message", desk.token)
    return f"{len(tried)} refused, and the connection went on"


@row("unknown event", "an event that nobody knows is acked {ok: false, …}; the connection stays")
def unknown_event(desk: Desk) -> str:
    line = desk.open()
    error = _error(line, f"no such event {desk.token}", desk.token)
    line.ask("message", desk.token)
    line.hear_once("message", desk.token)
    return f"{error['code']}: {error['message']}"


@row("reserved names", "`connect` and `disconnect`, sent as events, never reach a handler: cut, or ignored")
def reserved_names(desk: Desk) -> str:
    came = []
    for event in ("connect", "disconnect"):
        line, witness = desk.open(), desk.open()
        line.hear("my response", {"data": "Connected"})
        line.emit(event, {"data": desk.token})
        if line.wait_for_end_of_transport(0.5):
            came.append(f"{event}: cut")
        else:
            line.fence()
            came.append(f"{event}: ignored")
        if len(line.find("my response", {"data": "Connected"})) > 1:
            raise Unlike(f"the event `{event}` was taken for a connection: it was greeted again")
        witness.fence()
    return ", ".join(came)


@row(
    "flood",
    'who sends far more than 1,000 packets at once is sent session:ended {reason: "flood"} and cut; others notice nothing',
    transports=("upgrade", "websocket"),
    once=True,
    named=True,  # where rate limits are off, nobody is cut
    seconds=30,
)
def flood(desk: Desk) -> str:
    line, witness = desk.open(), desk.open()
    for _ in range(_FLOOD):
        if line.client.ended.is_set() or line.ended:
            break
        line.emit("stop_stream")
    if not line.wait_for_end_of_transport(15):
        raise Unlike(f"{_FLOOD:,} packets were taken, nobody cut them")
    told = [one.arguments[0] for one in line.of("session:ended") if one.arguments]
    if not told or not isinstance(told[0], dict) or told[0].get("reason") != "flood":
        raise Unlike(f"cut, but the reason was not told: {show(told)}")
    witness.fence()
    return f"cut: {show(told[0])}"
