"""The tables of errors and of reasons for ending a connection, as JSON, as schemas, and as Markdown."""

from typing import Any

from crosstalk.contract.samples import Schema, describe_fields
from crosstalk.core.errors import END_REASONS, ERRORS

_MORE: dict[str, Schema] = {
    "fields": {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "What is wrong with each field.",
    },
    "retry_after": {"type": "number", "description": "Seconds to wait before the next try."},
    "offset": {"type": "integer", "description": "Where the next piece of the stream goes, or where it ended."},
}


def errors_document() -> dict[str, Any]:
    """errors.json: what a client may be answered, and what to do about each."""
    return {
        "errors": {code: {"status": row.status, "title": row.title, "advice": row.advice} for code, row in ERRORS.items()},
        "end_reasons": {
            reason: {"message": row.message, "reconnect": row.reconnect, "close_code": row.close_code}
            for reason, row in END_REASONS.items()
        },
    }


def error_schemas() -> dict[str, Schema]:
    """The shapes of refusals: problem details by REST, an ack or a `connect_error` live."""
    code: Schema = {"type": "string", "enum": list(ERRORS), "description": "A code of the table of errors."}
    schemas: dict[str, Schema] = {
        "Problem": {
            "title": "Problem",
            "type": "object",
            "description": "Problem details (RFC 9457).",
            "properties": {
                "type": {"type": "string", "format": "uri-reference", "description": "Address of the explanation of the code."},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string", "description": "What is wrong with the request, as a sentence."},
                "code": code,
                **_MORE,
                "origin": {"type": "string", "description": "The origin that was refused."},
            },
            "required": ["type", "title", "status", "detail", "code"],
        },
        "CommandError": {
            "title": "CommandError",
            "type": "object",
            "description": "Why a command was refused.",
            "properties": {"code": code, "message": {"type": "string"}, **_MORE},
            "required": ["code", "message"],
        },
        "Refusal": {
            "title": "Refusal",
            "type": "object",
            "description": "The ack of a command that was refused.",
            "properties": {
                "ok": {"type": "boolean", "const": False},
                "error": {"$ref": "#/components/schemas/CommandError"},
            },
            "required": ["ok", "error"],
        },
        "ConnectError": {
            "title": "ConnectError",
            "type": "object",
            "description": "Why a connection to the namespace was refused.",
            "properties": {
                "message": {**code, "description": "The error code: the `message` of the client's error."},
                "data": {"$ref": "#/components/schemas/CommandError"},
            },
            "required": ["message", "data"],
        },
    }
    describe_fields(schemas)
    return schemas


def codes_in_words(codes: list[str]) -> str:
    """A line a code, with the advice."""
    return "\n".join(f"* `{code}`: {ERRORS[code].title}. {ERRORS[code].advice}" for code in codes)


def end_reasons_in_words() -> str:
    rows = [
        f"| `{reason}` | {row.close_code} | {'yes' if row.reconnect else 'no'} | {row.message} |"
        for reason, row in END_REASONS.items()
    ]
    return "\n".join(["| reason | close code | reconnect | |", "|---|--:|---|---|", *rows])
