"""A client_id names one send for ever: repeated over any transport, in any race, after any restart."""

import asyncio

import pytest

from faults.client import Refused
from faults.conftest import Trial
from faults.history import percentile
from faults.plan import new_text, text_of
from faults.stage import Client, Stage
from server import Server

WAYS = ("websocket", "polling", "rest", "websocket")


@pytest.mark.scenario("sends repeated in a race")
def test_a_send_repeated_on_several_transports_at_once_is_one_row_and_one_answer(trial: Trial, server: Server) -> None:
    authors, count = trial.size((3, 250), (10, 20_000))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(authors)
        connections: list[list[Client]] = []
        for number in range(authors):
            session = await stage.guest("Author")
            # Two authors a room: what is to be seen is the race, not the fan-out.
            rooms = [await stage.join(stage.rooms[at % authors]["id"], session["access_token"]) for at in (number, number + 1)]
            own = [await stage.person(way, session=session) for way in WAYS]
            for client in own:
                for room in rooms:
                    client.reads(room)
                client.start()
            connections.append(own)
        await stage.all_whole()
        free = asyncio.Semaphore(32)
        async with asyncio.TaskGroup() as group:
            for number in range(count):
                await free.acquire()
                task = group.create_task(race(stage, connections[number % authors], number))
                task.add_done_callback(lambda _: free.release())
        attempts = sum(wish.attempts for wish in stage.history.wishes())
        sends = list(stage.history.sends.values())
        if trial.long:
            await stage.kill_and_start()
        # Whoever comes with it much later, with the same or with other content, hears of the first.
        for send in trial.rng.sample(sends, min(len(sends), 20)):
            own = next(one for one in connections if one[0].user_id == send.author)
            await trial.rng.choice(own).say(send.room_id, send.client_id, **send.content)
            with pytest.raises(Refused, match="conflict"):
                await trial.rng.choice(own).say(send.room_id, send.client_id, text="other content")
            for change in send.changes[-1:]:
                await trial.rng.choice(own).change(change)
        await stage.judge()
        assert stage.acks() == count
        changes = sum(len(send.changes) for send in sends)
        trial.row.numbers |= {"sends": count, "edits and deletions": changes, "attempts": attempts}
        trial.row.numbers |= {"authors": authors, "connections": authors * len(WAYS)}
        trial.row.outcome = "one row each, identical acks"
        seconds = [answer.seconds for answer in stage.history.answers]
        trial.row.times |= {"ack p50": f"{percentile(seconds, 0.5):.3f} s", "p99": f"{percentile(seconds, 0.99):.3f} s"}

    trial.play(scenario) if trial.long else trial.play(scenario, server)


async def race(stage: Stage, own: list[Client], number: int) -> None:
    """The same send one to five times at the same time; then perhaps an edit of it, and a deletion, in the same way."""
    rng = stage.rng
    room_id, client_id, text = rng.choice(list(own[0].rooms)), f"race-{number}-{rng.getrandbits(32):08x}", text_of(rng)
    await asyncio.gather(*(one.say(room_id, client_id, text=text) for one in rng.choices(own, k=rng.randint(1, 5))))
    send = stage.history.sends[own[0].user_id, client_id]
    for wanted, share in ((new_text(rng), 0.2), (None, 0.05)):
        if rng.random() < share:
            change = stage.history.change(send, wanted)
            await asyncio.gather(*(one.change(change) for one in rng.choices(own, k=rng.randint(1, 5))))


@pytest.mark.scenario("sends without waiting")
@pytest.mark.parametrize("transport", ["websocket", "polling", "websocket, cut on the way"])
def test_what_is_sent_without_waiting_is_stored_in_the_order_of_sending(trial: Trial, server: Server, transport: str) -> None:
    count, cuts = trial.size(200, 1_000), 3 if "cut" in transport else 0

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        [client] = await stage.cast([transport.split(",")[0]])
        room_id = stage.rooms[0]["id"]
        answers = [client.say(room_id, f"{number}-{trial.row.seed}", text=f"number {number}") for number in range(count)]
        for number in range(cuts):
            wanted = trial.rng.randrange(count * number // cuts, count * (number + 1) // cuts)
            await stage.until(f"{wanted} acks", lambda wanted=wanted: stage.acks() >= wanted)
            client.cut()
        acked = await asyncio.gather(*answers)
        numbers = [message["seq"] for message in acked]
        assert numbers == list(range(numbers[0], numbers[0] + count)), "stored order is sent order"
        await stage.judge()
        trial.row.numbers |= {"sends": count, "cuts": stage.history.cuts}
        trial.row.outcome = "stored order is sent order"
        trial.row.times |= {"acked per second": round(count / max(answer.seconds for answer in stage.history.answers))}

    trial.play(scenario, server)
