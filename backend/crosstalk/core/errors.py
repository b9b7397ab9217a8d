"""The errors of commands, as a table with advice for the client. REST and acks answer the same codes."""

from dataclasses import dataclass
from typing import Any

import structlog

from crosstalk.core.ids import new_id

log = structlog.get_logger("errors")


@dataclass(frozen=True)
class ErrorCode:
    """One row of the table: the HTTP status, what it means, and what a client should do."""

    code: str
    status: int
    title: str
    advice: str


ERRORS: dict[str, ErrorCode] = {
    row.code: row
    for row in (
        ErrorCode("invalid", 400, "The input is not valid", "Mend the named fields; sending it again is useless."),
        ErrorCode("unauthenticated", 401, "Not signed in", "Sign in."),
        ErrorCode("token_expired", 401, "The access token has expired", "Refresh the session, then again."),
        ErrorCode("forbidden", 403, "Not allowed", "Do not repeat it; this person may not do this."),
        ErrorCode(
            "origin_refused",
            403,
            "This origin may not use the API",
            "Add the origin to CROSSTALK_ALLOWED_ORIGINS; /origin-check?origin= explains.",
        ),
        ErrorCode("not_found", 404, "Not found", "Forget it: it is gone, or not for this person."),
        ErrorCode("conflict", 409, "In conflict with what is there", "Something else has this name or id; choose another."),
        ErrorCode("wrong_offset", 409, "Not the offset where the next piece goes", "Go on from the `offset` in the error."),
        ErrorCode("stale_lease", 409, "Another producer has taken over", "Stop producing."),
        ErrorCode("stream_ended", 409, "The stream has ended", "It takes nothing more; open another."),
        ErrorCode("too_large", 413, "Too large", "Shorten it; the limits are in session:ready."),
        ErrorCode("rate_limited", 429, "Too many of these", "Again after `retry_after` seconds."),
        ErrorCode(
            "quota_exceeded",
            429,
            "A quota is used up",
            "The message names it. Again after `retry_after` seconds; without it, when something has been removed or has ended.",
        ),
        ErrorCode("internal", 500, "Our fault", "Report the id in the message."),
        ErrorCode("unavailable", 503, "Not available at the moment", "Again after `retry_after` seconds; nothing was stored."),
    )
}


@dataclass(frozen=True)
class EndReason:
    """Why the server ends a connection, and whether to come back."""

    reason: str
    message: str
    reconnect: bool
    close_code: int

    def payload(self) -> dict[str, Any]:
        """`session:ended`, as it goes out."""
        return {"reason": self.reason, "message": self.message, "reconnect": self.reconnect}


END_REASONS: dict[str, EndReason] = {
    row.reason: row
    for row in (
        EndReason("signed_out", "This session was signed out.", False, 4401),
        EndReason("session_revoked", "This session was revoked; sign in again.", False, 4402),
        EndReason("token_expired", "The access token expired; refresh it and come back.", True, 4403),
        EndReason("bad_packet", "The client sent what is not Socket.IO or not JSON.", False, 4400),
        EndReason("flood", "Too many packets in too short a time; come back and send fewer.", True, 4429),
        EndReason("connect_timeout", "The connection was opened and entered no namespace; come back.", True, 4404),
        EndReason("slow_consumer", "Too much was waiting for this client; come back and catch up.", True, 4408),
        EndReason("server_stopping", "The server is stopping; come back in a moment.", True, 1012),
    )
}


class CrosstalkError(Exception):
    """A refusal with a code of the table. Raise it anywhere in an operation; the adapters make it an answer."""

    def __init__(self, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = ERRORS[code].code
        self.message = message
        self.more = {name: value for name, value in more.items() if value is not None}

    @property
    def status(self) -> int:
        return ERRORS[self.code].status

    def ack(self) -> dict[str, Any]:
        """`{code, message, fields?, retry_after?, offset?}`."""
        return {"code": self.code, "message": self.message, **self.more}

    def problem(self) -> dict[str, Any]:
        """The same as problem details (RFC 9457)."""
        row = ERRORS[self.code]
        head = {"type": f"/docs/errors#{row.code}", "title": row.title, "status": row.status}
        return {**head, "detail": self.message, "code": row.code, **self.more}


def invalid(**fields: str) -> CrosstalkError:
    """`invalid(text="must not be empty")`."""
    return CrosstalkError("invalid", _sentence(fields), fields=fields)


def too_large(**fields: str) -> CrosstalkError:
    return CrosstalkError("too_large", _sentence(fields), fields=fields)


def not_found(what: str) -> CrosstalkError:
    """The same answer for what is missing and for what one may not know."""
    return CrosstalkError("not_found", f"There is no such {what}.")


def forbidden(message: str) -> CrosstalkError:
    return CrosstalkError("forbidden", message)


def conflict(message: str, **fields: str) -> CrosstalkError:
    return CrosstalkError("conflict", message, fields=fields or None)


def unauthenticated(message: str) -> CrosstalkError:
    return CrosstalkError("unauthenticated", message)


def unavailable(message: str, retry_after: float = 1) -> CrosstalkError:
    return CrosstalkError("unavailable", message, retry_after=retry_after)


def quota_exceeded(message: str, retry_after: float | None = None) -> CrosstalkError:
    return CrosstalkError("quota_exceeded", message, retry_after=retry_after)


def internal(error: BaseException, *, operation: str) -> CrosstalkError:
    """Our fault: the trace goes to the log, its id to the client."""
    trace_id = new_id()
    log.error("internal error", id=trace_id, operation=operation, exc_info=error)
    return CrosstalkError("internal", f"Something went wrong on our side; report {trace_id}.")


def _sentence(fields: dict[str, str]) -> str:
    return "; ".join(f"{name}: {problem}" for name, problem in fields.items())
