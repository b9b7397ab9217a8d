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
        ErrorCode("invalid", 400, "Invalid input", "Fix the listed fields; retrying unchanged won't help."),
        ErrorCode("unauthenticated", 401, "Not signed in", "Sign in, then send the access token."),
        ErrorCode("token_expired", 401, "Access token expired", "Refresh the session, then retry with the new token."),
        ErrorCode("forbidden", 403, "Not allowed", "Don't retry: the user has no permission to do this."),
        ErrorCode(
            "origin_refused",
            403,
            "Origin not allowed",
            "Add the origin to CROSSTALK_ALLOWED_ORIGINS and restart the API; `/origin-check?origin=` says what differs.",
        ),
        ErrorCode("not_found", 404, "Not found", "Drop it: it does not exist any more, or the user has no access to it."),
        ErrorCode(
            "conflict", 409, "Conflict", "Load the current state, or choose another name or id; retrying unchanged won't help."
        ),
        ErrorCode("wrong_offset", 409, "Wrong offset", "Continue from the `offset` in the error."),
        ErrorCode(
            "stale_lease", 409, "Lease no longer valid", "Stop writing to the stream: another producer has taken it over."
        ),
        ErrorCode("stream_ended", 409, "Stream has ended", "Stop appending; open another stream to write more."),
        ErrorCode("too_large", 413, "Too large", "Shorten the input; `session:ready` lists the limits."),
        ErrorCode("rate_limited", 429, "Too many requests", "Retry after `retry_after` seconds."),
        ErrorCode(
            "quota_exceeded",
            429,
            "Quota exceeded",
            "The message names the quota. Retry after `retry_after` seconds; without it, first delete or end something.",
        ),
        ErrorCode("internal", 500, "Server error", "Retry later. If it happens again, report the id in the message."),
        ErrorCode("unavailable", 503, "Temporarily unavailable", "Retry after `retry_after` seconds; nothing was stored."),
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
        EndReason("signed_out", "This session was signed out. Sign in again.", False, 4401),
        EndReason("session_revoked", "This session was revoked. Sign in again.", False, 4402),
        EndReason("token_expired", "The access token expired. Refresh it and reconnect.", True, 4403),
        EndReason("bad_packet", "The client sent a packet that is not valid Socket.IO or JSON. Fix the client.", False, 4400),
        EndReason("flood", "The client sent too many packets. Reconnect and send fewer.", True, 4429),
        EndReason("connect_timeout", "The client connected to no namespace in time. Reconnect.", True, 4404),
        EndReason("slow_consumer", "Too much data was waiting for this client. Reconnect and catch up.", True, 4408),
        EndReason("server_stopping", "The server is stopping. Reconnect in a moment.", True, 1012),
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
    """The same answer for what does not exist and for what the caller has no access to."""
    return CrosstalkError("not_found", f"This {what} does not exist, or you have no access to it.")


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
    """A fault of the server: the traceback goes to the log, its id to the client."""
    trace_id = new_id()
    log.error("internal error", id=trace_id, operation=operation, exc_info=error)
    return CrosstalkError("internal", f"Something went wrong on the server. Report this id: {trace_id}.")


def _sentence(fields: dict[str, str]) -> str:
    """Each problem is a predicate, `must not be empty`: with the name of its field it makes a sentence."""
    return " ".join(f"{name} {problem}." for name, problem in fields.items())
