"""A message that begins with `/ask` is answered by a language model, as a stream in the name of a bot."""

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.features.bots.bot import bot_named
from crosstalk.features.messages.content import NO_DIGEST
from crosstalk.features.messages.message import Following, Message, following
from crosstalk.features.streams.answerer import answerer
from crosstalk.features.streams.asking import check_question
from crosstalk.features.streams.conversation import ASK
from crosstalk.features.streams.opening import check_open_streams, open_in
from crosstalk.features.streams.stream import StreamRow


def answer_question(tx: db.Tx, actor: Actor, message: Message) -> None:
    """Opens the answer in the question's own transaction: a question that is stored is one that is answered."""
    if answerer.model is None or message.author.bot:
        return
    check_question(tx, actor, message.room_id, answerer.questions)
    check_open_streams(tx, actor.user_id, written=True)
    open_in(
        tx,
        message.room_id,
        StreamRow(producer_id=actor.user_id, source="answer", question_id=message.id),
        author=bot_named(tx.session, answerer.name),
        client_id=f"answer-{message.id}",
        content_digest=NO_DIGEST,
        content_type="text/markdown",
    )


def _asks(text: str | None) -> bool:
    return text is not None and text.startswith(ASK) and not text.removeprefix(ASK).isspace() and len(text) > len(ASK)


following.append(Following(_asks, answer_question))
