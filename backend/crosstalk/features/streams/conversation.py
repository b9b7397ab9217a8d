"""What a language model is told: who it is, and the room's last messages up to the question."""

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from crosstalk.features.messages.message import MessageRow
from crosstalk.features.rooms.room import RoomRow
from crosstalk.features.streams.piece import PieceRow
from crosstalk.features.streams.stream import StreamRow

MESSAGES = 30
CHARACTERS = 16_000
ASK = "/ask "


def conversation(session: Session, stream: StreamRow, name: str) -> list[dict[str, str]]:
    """The messages of a Chat Completions request; what is stored of the answer already comes last, to go on from."""
    room = session.get_one(RoomRow, stream.room_id)
    question = session.get_one(MessageRow, stream.question_id)
    told = [
        f"You are {name}, an assistant in the chat room “{room.name}”. Several people write there; what each of them says begins "
        "with the name. Answer the last message that asks you, in its language, in Markdown, and without your name in front."
    ]
    written = _text_of(session, stream.id)
    if written:
        told.append("Your answer was interrupted. Go on exactly where it ends, and repeat nothing.")
    messages = [{"role": "system", "content": " ".join(told)}, *_recent(session, question)]
    return messages + ([{"role": "assistant", "content": written[-CHARACTERS:]}] if written else [])


def _recent(session: Session, question: MessageRow) -> list[dict[str, str]]:
    rows = session.scalars(
        select(MessageRow)
        .where(MessageRow.room_id == question.room_id, MessageRow.seq <= question.seq, MessageRow.deleted.is_(False))
        .order_by(MessageRow.seq.desc())
        .limit(MESSAGES)
        .options(joinedload(MessageRow.author))
    )
    messages: list[dict[str, str]] = []
    size = 0
    for row in rows:
        text = row.text if row.kind != "stream" else _text_of(session, row.id)
        if not text:
            continue
        size += len(text)
        if messages and size > CHARACTERS:
            break
        said = text.removeprefix(ASK)[:CHARACTERS]
        role, content = ("assistant", said) if row.author.bot else ("user", f"{row.author.name}: {said}")
        messages.append({"role": role, "content": content})
    return messages[::-1]


def _text_of(session: Session, stream_id: str) -> str:
    pieces = select(PieceRow.content).where(PieceRow.stream_id == stream_id).order_by(PieceRow.offset)
    return "".join(session.scalars(pieces))
