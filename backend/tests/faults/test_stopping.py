"""SIGTERM under load: everything under way is answered, everybody is told to come back, and the process is gone soon."""

import asyncio
import time

import pytest

from faults import plan
from faults.conftest import Trial
from faults.stage import Stage

GONE_WITHIN_S = 5.0


@pytest.mark.scenario("SIGTERM under load")
def test_a_server_that_is_told_to_stop_answers_what_is_under_way_and_goes(trial: Trial) -> None:
    clients, count, stops = trial.size((10, 200, 1), (50, 5_000, 5))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(4)
        transports = ("websocket", "polling", "websocket", "rest", "official")
        cast = await stage.cast([transports[number % 5] for number in range(clients)], rooms_each=2)
        sending = asyncio.create_task(stage.say_all(cast, plan.sends(trial.rng, clients, 4, count, changes=0.1), window=8))
        took: list[float] = []
        for number in range(stops):
            wanted = int(count * (number + trial.rng.random()) / stops)
            await stage.until(f"{wanted} acks", lambda wanted=wanted: stage.acks() >= wanted)
            stage.history.stopping, began = True, time.monotonic()
            status = await stage.by_hand(stage.server.stop)
            took.append(time.monotonic() - began)
            assert status == 0
            told = stage.history.ended.pop("server_stopping", [])
            # Who polls and is between two polls just then finds the door closed instead.
            untold = [one.name for one in cast if one.transport in ("websocket", "official") and one.name not in told]
            assert not untold, f"not told to come back: {untold}"
            await stage.by_hand(stage.server.start)
            await stage.all_whole()
            stage.history.stopping = False
        await sending
        await stage.judge()
        unanswered = sum(wish.left_open for wish in stage.history.wishes())
        assert unanswered == 0, f"{unanswered} were neither acked nor refused before the server said goodbye"
        trial.row.numbers |= {"clients": clients, "stops": stops, "acked": stage.acks(), "unanswered": unanswered}
        trial.row.outcome = "0 lost, 0 double, all told to come back"
        trial.bar("gone after", max(took), GONE_WITHIN_S)

    trial.play(scenario)
