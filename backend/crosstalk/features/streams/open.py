from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import invalid, too_large
from crosstalk.core.operations import Repeated, body_limit, command, cost, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, text_bytes
from crosstalk.core.schema import ClientId, Id, Shape
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.accounts.session import require_live_session
from crosstalk.features.messages.content import Content
from crosstalk.features.messages.message import ContentType, Message, message_of
from crosstalk.features.messages.stored import already_sent
from crosstalk.features.rooms.membership import audience
from crosstalk.features.rooms.room import postable_room
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.opening import check_open_streams, open_in
from crosstalk.features.streams.source import SourceRow
from crosstalk.features.streams.stream import MOST_WRITING_MS, StreamRow, TextSource
from crosstalk.features.streams.typist import typist


class OpenStream(Shape):
    room_id: Id
    client_id: ClientId
    content_type: ContentType = "text/plain"
    source: TextSource | None = None
    """A text that the server writes. Without it, the client appends."""

    def content(self) -> Content:
        return Content("stream", (self.content_type, self.source and self.source.wire()))


class OpenedStream(Shape):
    stream_id: str
    lease: int
    """Send it with each append."""
    lease_s: float
    """Seconds without an append or a renewal after which the stream is interrupted."""
    message: Message


@route("POST", "/rooms/{room_id}/streams", status=201)
@command("stream:open")
@body_limit(1_589_248, why="262,144 UTF-16 units of a text to write, each written as \\u0000, are 1,572,864 bytes")
@limit("30 per 1 minute")
@cost(lambda body: 15 + audience(body.room_id))
@refuses("not_found", "forbidden", "conflict", "too_large", "quota_exceeded")
def open_stream(actor: Actor, body: OpenStream) -> OpenedStream | Repeated[OpenedStream]:
    """Open a stream.

    Opens a stream in a room: a text or a series that the members see as it grows. It is safe to retry: opening with the same
    `client_id` again returns the first result.
    """
    if body.source is not None and body.content_type == "application/json":
        raise invalid(content_type="must be text/plain or text/markdown when the stream has a source")
    if body.source is not None and len(body.source.text) * body.source.pace_ms > MOST_WRITING_MS:
        raise too_large(
            **{"source.pace_ms": f"is too slow: writing the text would take longer than {MOST_WRITING_MS // 60_000} minutes"}
        )
    db.database().usage.require_space()
    content = body.content()
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        before = already_sent(tx.cursor, actor, room.id, body.client_id, content)
        if before is not None:
            # The first lease, as the first time. When there is another by now, it is another producer's.
            return Repeated(OpenedStream(stream_id=before.id, lease=1, lease_s=lease_s(), message=message_of(before)))
        source = body.source
        if source is not None:
            require_live_session(tx, actor)
        check_open_streams(tx, actor.user_id, written=source is not None)
        db.spend(tx, actor, 2 * (ROW_BYTES + text_bytes(source.text if source else "")))  # as a source, and as pieces
        message = open_in(
            tx,
            room.id,
            StreamRow(
                producer_id=actor.user_id,
                source=source and source.kind,
                pace_ms=source and source.pace_ms,
                session_id=actor.session_id,
            ),
            author=tx.session.get_one(UserRow, actor.user_id),
            client_id=body.client_id,
            content_digest=content.stored_digest(),
            content_type=body.content_type,
        )
        stream_id = message.id
        if source is not None:
            tx.session.flush()
            tx.session.add(SourceRow(stream_id=stream_id, text=source.text))
        opened = OpenedStream(stream_id=stream_id, lease=1, lease_s=lease_s(), message=message_of(message))
    if body.source is not None:
        typist.write(stream_id)
    return opened
