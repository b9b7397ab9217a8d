"""How often the assistant may be asked, and how many answers it writes at once: for one person, one room, and all guests.

A model's answer takes minutes and may cost money, so questions have bounds apart from those of messages. Of the places in the
answerer guests have half, so that any number of them leaves the other half to people with accounts.
"""

from sqlalchemy import func, select

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.limits import LOOPBACK_FACTOR, counted_network
from crosstalk.core.windows import Rate, Windows
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.streams.opening import RETRY_S
from crosstalk.features.streams.stream import StreamRow

ANSWERS = 16
"""That are written at once, for everybody together."""
GUESTS_ANSWERS = ANSWERS // 2
A_ROOM = Rate(30, 60)
GUESTS_A_NETWORK = Rate(30, 60)


def check_question(tx: db.Tx, actor: Actor, room_id: str, questions: Windows) -> None:
    """Counts a question. Raises `rate_limited` with the seconds to wait, and then the question is not stored."""
    quotas = db.database().usage.quotas
    if quotas.answers is None or quotas.ask_rate is None:
        return
    open_answers = select(func.count()).select_from(StreamRow).where(StreamRow.state == "open", StreamRow.source == "answer")
    if (tx.session.scalar(open_answers.where(StreamRow.producer_id == actor.user_id)) or 0) >= quotas.answers:
        raise _refused(f"{quotas.answers} of your questions are being answered; wait until one answer ends.", RETRY_S)
    of_guests = open_answers.join(UserRow, UserRow.id == StreamRow.producer_id).where(UserRow.name_key.is_(None))
    if actor.guest and (tx.session.scalar(of_guests) or 0) >= GUESTS_ANSWERS:
        raise _refused("The assistant is answering as many guests as it can; ask again later.", RETRY_S)
    if (tx.session.scalar(open_answers) or 0) >= ANSWERS:
        raise _refused("The assistant is busy; ask again later.", RETRY_S)
    network, local = counted_network(actor.address)
    rates = [(("person", actor.user_id), quotas.ask_rate, "you"), (("room", room_id), A_ROOM, "all in this room")]
    if actor.guest:
        of_network = Rate(GUESTS_A_NETWORK.amount * (LOOPBACK_FACTOR if local else 1), GUESTS_A_NETWORK.seconds)
        rates.append((("guests", network), of_network, "all guests of this network"))
    for key, rate, asking in rates:
        if wait := questions.hit(key, rate):
            raise _refused(f"At most {rate.amount} questions to the assistant in {rate.seconds} seconds by {asking}.", wait)


def _refused(message: str, wait: float) -> CrosstalkError:
    return CrosstalkError("rate_limited", message, retry_after=max(0.1, round(wait, 1)))
