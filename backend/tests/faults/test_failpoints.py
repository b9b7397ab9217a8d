"""The server fails at named places: before and after the commit, the announcement, the ack, and the renewal of a lease."""

import asyncio
from typing import cast

import pytest

from crosstalk.core.failpoints import PLACES
from faults import plan
from faults.client import LiveClient
from faults.conftest import Trial
from faults.stage import Stage

TYPED_WITHIN_S = 1.0
TRANSPORTS = ("websocket", "polling", "websocket", "rest")


@pytest.mark.scenario("failpoints")
@pytest.mark.parametrize("action", ["raise", "delay"])
def test_a_failure_at_any_place_is_an_ack_or_a_typed_error_and_the_log_is_consistent(trial: Trial, action: str) -> None:
    count = trial.size(200, 2_000)
    armed = ",".join(f"{place}={action}@{trial.rng.randint(10, 40)}" for place in PLACES)

    async def scenario(stage: Stage) -> None:
        await send_and_renew(stage, count)
        await stage.judge(told=action == "delay")
        codes = sorted({answer.code for answer in stage.history.answers})
        trial.row.numbers |= {"places": len(PLACES), "acked": stage.acks(), "answers": " ".join(codes)}
        trial.row.outcome = "an ack or a typed error, the log consistent"
        trial.bar("slowest answer", max(answer.seconds for answer in stage.history.answers), TYPED_WITHIN_S)

    trial.play(scenario, failpoints=armed)


@pytest.mark.scenario("failpoints: kill")
def test_a_kill_at_any_place_loses_nothing_and_doubles_nothing(trial: Trial) -> None:
    count = trial.size(60, 300)
    chosen = trial.size(trial.rng.sample(PLACES, 1), list(PLACES))
    killed = acked = 0
    for place in chosen:
        server = trial.serve(failpoints=f"{place}=kill@{trial.rng.randint(15, 30)}")

        async def scenario(stage: Stage, place: str = place) -> None:
            nonlocal killed, acked
            # The worker that takes the place of a killed one is killed as well, and so on as long as there is something to do.
            await send_and_renew(stage, count)
            await stage.judge()
            kills = stage.server.errors().count("another one starts")
            assert kills, f"{place} was never reached"
            killed, acked = killed + kills, acked + stage.acks()

        trial.play(scenario, server)
    trial.row.numbers |= {"places": len(chosen), "kills": killed, "acked": acked}
    trial.row.outcome = "0 lost, 0 double, 0 gaps"


async def send_and_renew(stage: Stage, count: int) -> None:
    """Some send, edit and delete, and one holds on to a stream, so that every place is reached."""
    await stage.open_rooms(2)
    people = await stage.cast(TRANSPORTS)
    producer = cast(LiveClient, people[0])
    stream = await producer.command(
        "stream:open", {"room_id": stage.rooms[0]["id"], "client_id": "held", "content_type": "text/plain"}
    )
    held = {"stream_id": stream["stream_id"], "lease": stream["lease"]}
    planned = plan.sends(stage.rng, len(people), 2, count, changes=0.1)
    sending = asyncio.create_task(stage.say_all(people, planned, window=4))
    for _ in range(60):
        await producer.command("stream:renew", held)
    await sending
    await producer.command("stream:finish", held)
    # Whoever missed an announcement hears of it with the next one.
    for room in stage.rooms:
        await producer.say(room["id"], f"last-{room['id']}", text="the last word")
