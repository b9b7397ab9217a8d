"""Readers whose connections are taken away, and readers who come into a busy room: no gap, nothing twice."""

import asyncio
import random

import pytest

from faults.client import LiveClient
from faults.conftest import Trial
from faults.history import percentile
from faults.proxy import Cut, Proxy
from faults.stage import Client, Stage
from server import Server


async def chatter(stage: Stage, speakers: list[Client], rate: float, enough: asyncio.Event, label: str) -> float:
    """Messages at a steady rate, until there are enough. Returns the rate that was reached."""
    loop = asyncio.get_running_loop()
    began, number, answers = loop.time(), 0, []
    while not enough.is_set():
        speaker = speakers[number % len(speakers)]
        room_id = stage.rooms[number % len(stage.rooms)]["id"]
        answers.append(speaker.say(room_id, f"{label}-{number}", text=f"{label} {number}"))
        number += 1
        await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
    await asyncio.gather(*answers)
    return number / (loop.time() - began)


@pytest.mark.scenario("subscribers cut again and again")
def test_readers_who_are_cut_again_and_again_come_to_the_same_log(trial: Trial, live_server: Server) -> None:
    readers, cuts, rate = trial.size((10, 3, 50.0), (100, 30, 50.0))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        proxy = await Proxy(stage.server.port, trial.rng).start()
        speakers = await stage.cast(["websocket", "rest"])
        audience = await stage.cast(["websocket"] * readers, port=proxy.port)
        before = len(stage.history.catch_ups)
        enough = asyncio.Event()
        talking = asyncio.create_task(chatter(stage, speakers, rate, enough, "news"))
        async with asyncio.TaskGroup() as group:
            for reader in audience:
                group.create_task(be_cut(trial.rng, stage, proxy, reader, cuts))
        enough.set()
        reached = await talking
        await stage.all_whole()
        await stage.judge()
        caught_up = [seconds for missed, seconds in stage.history.catch_ups[before:] if missed <= 500]
        missed = [missed for missed, _ in stage.history.catch_ups[before:]]
        trial.row.numbers |= {
            "subscribers": readers,
            "cuts": stage.history.cuts,
            "messages": stage.acks(),
            "missed at most": max(missed),
            "messages/s": round(reached),
        }
        trial.row.outcome = "0 gaps, 0 doubles"
        trial.row.times |= {"catch-up p50": f"{1000 * percentile(caught_up, 0.5):.0f} ms"}
        trial.bar("catch-up p99, at most 500 missed", percentile(caught_up, 0.99), 0.3, unit="ms")
        await proxy.close()

    trial.play(scenario, live_server)


async def be_cut(rng: random.Random, stage: Stage, proxy: Proxy, reader: Client, cuts: int) -> None:
    """Cut at a random moment, whole again, cut again."""
    ways: list[Cut] = ["reset", "reset", "fin", "fin", "mute"]
    for _ in range(cuts):
        await stage.until("a reader is whole", lambda: reader.whole)
        [log] = reader.rooms.values()
        await stage.read_on(log, rng.randrange(20))
        assert isinstance(reader, LiveClient)
        passage = proxy.passage_of(reader.local_port)
        if passage is not None:
            passage.cut(rng.choice(ways))
            await stage.until("a reader is cut", lambda: not reader.whole)


@pytest.mark.scenario("joins in a busy room")
def test_whoever_joins_a_busy_room_at_any_instant_has_no_gap_at_the_seam(trial: Trial, live_server: Server) -> None:
    joins, rate, at_once = trial.size((40, 200.0, 4), (1_000, 500.0, 8))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        speakers = await stage.cast(["websocket", "websocket"])
        enough = asyncio.Event()
        talking = asyncio.create_task(chatter(stage, speakers, rate, enough, "busy"))
        free = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            for number in range(joins):
                await free.acquire()
                task = group.create_task(join_and_leave(stage, WAYS_IN[number % len(WAYS_IN)]))
                task.add_done_callback(lambda _: free.release())
        enough.set()
        reached = await talking
        await stage.judge()
        heard = sum(len(log.applied) for client in stage.clients[2:] for log in client.rooms.values())
        trial.row.numbers |= {"joins": joins, "messages": stage.acks(), "messages/s": round(reached), "heard by joiners": heard}
        trial.row.outcome = "no gap and no double at the seam"

    trial.play(scenario, live_server)


WAYS_IN = ("join, then connect", "connect, then join", "connect, then join by REST")


async def join_and_leave(stage: Stage, way: str) -> None:
    """Somebody new comes in, reads a little and goes."""
    client = await stage.person("websocket")
    assert isinstance(client, LiveClient)
    room_id = stage.rooms[0]["id"]
    if way == "join, then connect":
        log = client.reads(await stage.join(room_id, client.token))
        client.start()
    else:
        client.expect(room_id)
        client.start()
        await stage.until("connected", lambda: client.whole)
        if way == "connect, then join":
            log = await client.join(room_id)
        else:
            log = client.reads(await stage.join(room_id, client.token))
    await stage.until("a joiner has read a little", lambda: client.whole and len(log.applied) >= 20)
    await client.close()
