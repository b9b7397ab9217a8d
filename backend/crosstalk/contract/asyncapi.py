"""Socket.IO as AsyncAPI 3.0: one channel, `/chat`. The server receives commands, each with a reply, and sends events."""

from typing import Any

from crosstalk import __version__
from crosstalk.contract.errors import codes_in_words, end_reasons_in_words, error_schemas
from crosstalk.contract.samples import ADDRESS, Schema, describe_fields, example_of
from crosstalk.contract.schemas import REF, reached_from, ref, shape_schemas
from crosstalk.contract.wording import LICENSE, description, expected_errors, place_of, size_in_words, tags
from crosstalk.core.errors import ERRORS
from crosstalk.core.operations import EVENTS, OPERATIONS, Event, Operation, packet_bytes, titled
from crosstalk.core.schema import Empty
from crosstalk.realtime.connections import NAMESPACE
from fastlane.bounds import EARLY_BYTES
from fastlane.packets import MAX_ATTACHMENTS

_CHANNEL = "#/channels/chat"


def _about_all() -> str:
    return f"""\
Commands and live events, over Socket.IO in the namespace `{NAMESPACE}`. Any official Socket.IO client can use them. For single
requests there is REST: see the [REST reference](../docs/rest).

This document describes the server, as AsyncAPI does: an operation with the action `receive` is a command that **a client
sends**, and one with the action `send` is an event that **a client receives**.

```js
import {{ io }} from "socket.io-client";

const socket = io("{ADDRESS}{NAMESPACE}", {{ auth: (send) => send({{ token }}) }});
socket.on("message:created", ({{ room_id, seq, message }}) => console.log(message.text));
const ack = await socket.emitWithAck("message:send", {{ room_id, client_id, text }});
```

## Connecting

The token is the `access_token` of a session, made by REST. A bad one leads to a `connect_error` whose message is the error
code and whose `data` is `{{code, message}}`. After the connect the server sends `session:ready`. From then on the connection
receives the events of every room of which its user is a member, also of rooms joined later or over REST. The server executes
the commands of a connection in the order in which they were sent.

## Acks

Every command takes one object and is answered with one: `{{ok: true, data}}`, where `data` is what REST answers, or
`{{ok: false, error: {{code, message, fields?, retry_after?, offset?}}}}`.

## Packets

For authors of a client library: Engine.IO protocol 4 at `/socket.io/`, over WebSocket (`?EIO=4&transport=websocket`) or
polling, with Socket.IO protocol 5 inside. A WebSocket text frame is one packet; polling joins packets with the character 0x1E.

| packet | from | |
|---|---|---|
| `0{{"sid":…,"pingInterval":…,"pingTimeout":…,"maxPayload":…}}` | server | the transport is open |
| `40{NAMESPACE},{{"token":…}}` | client | connect to the namespace |
| `40{NAMESPACE},{{"sid":…}}` | server | connected |
| `44{NAMESPACE},{{"message":"token_expired","data":{{…}}}}` | server | refused: `connect_error` |
| `42{NAMESPACE},["message:created",{{…}}]` | server | an event |
| `42{NAMESPACE},7["message:send",{{…}}]` | client | a command that asks for ack 7 |
| `43{NAMESPACE},7[{{"ok":true,"data":{{…}}}}]` | server | ack 7 |
| `2` / `3` | server / client | ping / pong |

A packet has at most {packet_bytes():,} bytes and {MAX_ATTACHMENTS} attachments, and {EARLY_BYTES:,} bytes as long as the
client is in no namespace; each command says how many bytes its argument may have. The server closes the connection
(`bad_packet`) when a packet breaks this grammar, is not JSON by RFC 8259 or uses a reserved event name. A command that parses
but breaks a limit is refused in its ack.

## Why a connection ends

The server sends `session:ended` with the reason, then closes the WebSocket with the code.

{end_reasons_in_words()}

## Errors of commands

{codes_in_words(list(ERRORS))}
"""


def asyncapi_document() -> dict[str, Any]:
    """`features.declare()` must have run."""
    schemas = {**shape_schemas(), **error_schemas(), "Handshake": _HANDSHAKE}
    describe_fields({"Handshake": _HANDSHAKE})
    commands = {one.command: one for one in OPERATIONS.values() if one.command}
    commands = dict(sorted(commands.items(), key=lambda one: (place_of(one[1].feature), one[0])))
    events = dict(sorted(EVENTS.items(), key=lambda one: (place_of(_feature(one[1])), one[0])))

    messages = {
        "connect": _message("connect", "Access token", {"$ref": REF.format(model="Handshake")}, schemas),
        "connect_error": _message("connect_error", "Connection refused", {"$ref": REF.format(model="ConnectError")}, schemas),
    }
    operations: dict[str, Schema] = {**_CONNECTION_OPERATIONS}
    for name, operation in commands.items():
        messages[name] = _message(name, operation.title, _payload(operation), schemas)
        messages[f"{name}.ack"] = _message(f"{name}.ack", f"The ack of {name}", _ack(operation), schemas)
        operations[operation.run.__name__] = _receive(name, operation)
    for name, event in events.items():
        messages[name] = _message(name, titled(event)[0], ref(event), schemas)
        operations[name.replace(":", "_")] = _send(name, event)

    features = {one.feature for one in commands.values()} | {_feature(one) for one in events.values()}
    document: dict[str, Any] = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Crosstalk live events",
            "version": __version__,
            "description": _about_all(),
            "license": {"name": LICENSE["name"]},
            "tags": [_CONNECTION_TAG, *tags(features)],
        },
        "defaultContentType": "application/json",
        "servers": {
            "api": {
                "host": "localhost:5002",
                "pathname": "/socket.io/",
                "protocol": "ws",
                "protocolVersion": "Engine.IO 4, Socket.IO 5",
                "description": "Where the API listens by default. Polling over HTTP, and WebSocket; behind TLS https and wss.",
                "security": [{"$ref": "#/components/securitySchemes/session"}],
            }
        },
        "channels": {
            "chat": {
                "address": NAMESPACE,
                "title": f"Namespace {NAMESPACE}",
                "description": "Chat, for signed-in connections.",
                "servers": [{"$ref": "#/servers/api"}],
                "messages": messages,
            }
        },
        "operations": operations,
    }
    reached = reached_from(document, schemas)
    document["components"] = {"schemas": _with_plain_discriminators(reached), "securitySchemes": _SECURITY}
    return document


def _receive(name: str, operation: Operation) -> Schema:
    errors = codes_in_words(expected_errors(operation, "too_large"))
    return {
        "action": "receive",
        "channel": {"$ref": _CHANNEL},
        "title": name,
        "summary": operation.title,
        "description": f"{description(operation)}\n\n{size_in_words(operation)}\n\nRefusals:\n\n{errors}",
        "x-body-limit": operation.body_bytes,
        "tags": [{"name": operation.feature}],
        "messages": [_message_ref(name)],
        "reply": {"channel": {"$ref": _CHANNEL}, "messages": [_message_ref(f"{name}.ack")]},
    }


def _send(name: str, event: type[Event]) -> Schema:
    about, description = titled(event)
    return {
        "action": "send",
        "channel": {"$ref": _CHANNEL},
        "title": name,
        "summary": about,
        "description": description,
        "tags": [{"name": _feature(event)}],
        "messages": [_message_ref(name)],
    }


def _payload(operation: Operation) -> Schema:
    if operation.input is Empty:
        return {"type": "object", "additionalProperties": False}
    return ref(operation.input)


def _ack(operation: Operation) -> Schema:
    carried = {"type": "null"} if operation.output is None else ref(operation.output)
    done = {
        "type": "object",
        "properties": {"ok": {"type": "boolean", "const": True}, "data": carried},
        "required": ["ok", "data"],
    }
    return {"oneOf": [done, {"$ref": "#/components/schemas/Refusal"}]}


def _message(name: str, summary: str, payload: Schema, schemas: dict[str, Schema]) -> Schema:
    examples = [{"payload": example_of(payload, schemas)}]
    return {"name": name, "title": name, "summary": summary, "payload": payload, "examples": examples}


def _message_ref(name: str) -> Schema:
    return {"$ref": f"{_CHANNEL}/messages/{name}"}


def _feature(event: type[Event]) -> str:
    return event.__module__.split(".")[-2]


def _with_plain_discriminators(value: Any) -> Any:
    """AsyncAPI wants the name of the property where OpenAPI has an object."""
    if isinstance(value, list):
        return [_with_plain_discriminators(one) for one in value]
    if not isinstance(value, dict):
        return value
    made = {name: _with_plain_discriminators(one) for name, one in value.items()}
    if isinstance(made.get("discriminator"), dict) and "propertyName" in made["discriminator"]:
        made["discriminator"] = made["discriminator"]["propertyName"]
    return made


_SECURITY = {
    "session": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token, sent as `auth: {token}` in the CONNECT packet of the namespace, not in a header.",
    }
}

_HANDSHAKE: Schema = {
    "title": "Handshake",
    "type": "object",
    "description": "The `auth` of the connect.",
    "properties": {"token": {"type": "string", "minLength": 1, "maxLength": 4096, "description": "An access token."}},
    "required": ["token"],
}

_CONNECTION_TAG = {"name": "connection", "description": "Opening a connection."}

_CONNECTION_OPERATIONS: dict[str, Schema] = {
    "connect": {
        "action": "receive",
        "channel": {"$ref": _CHANNEL},
        "title": "connect",
        "summary": "Connect to the namespace",
        "description": "Opens the connection with an access token. The server answers with `session:ready` or `connect_error`.",
        "tags": [{"name": "connection"}],
        "messages": [_message_ref("connect")],
        "reply": {
            "channel": {"$ref": _CHANNEL},
            "messages": [_message_ref("session:ready"), _message_ref("connect_error")],
        },
    },
    "connect_error": {
        "action": "send",
        "channel": {"$ref": _CHANNEL},
        "title": "connect_error",
        "summary": "Connection refused",
        "description": "The server refused the connection: `unauthenticated` or `token_expired`.",
        "tags": [{"name": "connection"}],
        "messages": [_message_ref("connect_error")],
    },
}
