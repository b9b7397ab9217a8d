"""kill -9 in the middle of it: nothing acknowledged is lost, nothing is stored twice, and everybody catches up."""

import asyncio

import pytest

from faults import plan
from faults.conftest import Trial
from faults.history import Change, percentile
from faults.stage import Stage

TRANSPORTS = ("websocket", "polling", "websocket", "rest", "official")


@pytest.mark.scenario("kill -9 while everybody sends")
def test_a_server_killed_again_and_again_loses_nothing_and_doubles_nothing(trial: Trial) -> None:
    clients, count, rooms, kills = trial.size((10, 300, 3, 2), (50, 5_000, 10, 20))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(rooms)
        cast = await stage.cast([TRANSPORTS[number % 5] for number in range(clients)], rooms_each=3)
        planned = plan.sends(trial.rng, clients, rooms, count, changes=0.2)
        # Each kill has its part of the sends, so that every one of them falls in the middle.
        gate = asyncio.Semaphore(0)
        sending = asyncio.create_task(stage.say_all(cast, planned, window=4, gate=gate))
        whole_after: list[float] = []
        for number in range(kills):
            first, last = len(planned) * number // kills, len(planned) * (number + 1) // kills
            for _ in range(first, last):
                gate.release()
            wanted = stage.acks() + int((last - first) * trial.rng.uniform(0.1, 0.8))
            await stage.until(f"{wanted} acks", lambda wanted=wanted: stage.acks() >= wanted)
            whole_after.append(await stage.kill_and_start(all_of_it=trial.long))
        await sending
        await stage.judge()
        wishes = stage.history.wishes()
        changes = sum(isinstance(wish, Change) and bool(wish.acks) for wish in wishes)
        trial.row.numbers |= {"kills": kills, "clients": clients, "rooms": rooms, "acked": stage.acks()}
        trial.row.numbers |= {"edits and deletions": changes, "repeated": sum(wish.attempts > 1 for wish in wishes)}
        trial.row.outcome = "0 lost, 0 double, 0 gaps"
        dial_to_whole = percentile([seconds for _, seconds in stage.history.catch_ups], 0.99)
        trial.row.times |= {"one client from dial to whole p99": f"{dial_to_whole:.2f} s"}
        trial.bar("all whole after the restart", max(whole_after), 2.0)

    trial.play(scenario, ping_interval="2", ping_timeout="2")
