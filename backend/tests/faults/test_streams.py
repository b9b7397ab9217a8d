"""Streams whose producers and server are killed, and whose viewers are cut: byte-identical for everybody, to the end."""

import asyncio
import random
from typing import cast

import pytest

from faults.conftest import Trial
from faults.history import percentile
from faults.stage import Stage
from faults.streams import Producer, Viewer, Work, Writer, viewer_of

WAYS = ("websocket", "rest", "polling")
"""How the clients who write say it; every fourth stream is written by the server."""


@pytest.mark.scenario("streams")
def test_streams_are_byte_identical_for_all_though_producers_server_and_viewers_are_cut(trial: Trial) -> None:
    count, pieces, viewers, cuts, kills, rooms = trial.size((4, 200, 4, 3, 1, 2), (20, 10_000, 50, 20, 10, 5))
    rng = trial.rng

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(rooms)
        audience = [viewer_of(await stage.person("websocket")) for _ in range(viewers)]
        for number, viewer in enumerate(audience):
            viewer.client.reads(await stage.join(stage.rooms[number % rooms]["id"], viewer.client.token))
            viewer.client.start()
        await stage.all_whole()
        works = [Work(rng, pieces) for _ in range(count)]
        producers: list[Producer] = []
        async with asyncio.TaskGroup() as group:
            for number, work in enumerate(works):
                room = stage.rooms[number % rooms]["id"]
                if number % 4 == 3:
                    await by_server(stage, room, work)
                else:
                    deaths = sorted(rng.sample(range(1, pieces), max(1, kills // 2)))
                    producers.append(await by_client(stage, group, room, work, deaths, WAYS[number % 4]))
                for viewer in audience[number % rooms :: rooms]:
                    viewer.watch(work.stream_id)
            whole = group.create_task(kill_the_server(stage, producers, pieces, kills, all_of_it=trial.long))
            for viewer in audience:
                group.create_task(be_cut(rng, stage, viewer, cuts, 3 * pieces // 4))
        await stage.until("every viewer has every stream to its end", lambda: all(one.complete for one in audience))
        await check(stage, works, audience)
        resumed = [seconds for viewer in audience for seconds in viewer.resumed]
        trial.row.numbers |= {
            "streams": count,
            "pieces each": pieces,
            "producers": f"{', '.join(WAYS)}, server",
            "viewers": viewers,
            "producers killed": sum(one.killed for one in producers),
            "server killed": kills,
            "cuts of viewers": stage.history.cuts,
        }
        trial.row.outcome = "byte-identical everywhere"
        trial.row.times |= {
            "resume p50": f"{1000 * percentile(resumed, 0.5):.0f} ms",
            "all whole after a restart": f"{max(whole.result()):.2f} s",
        }
        trial.bar("resume p99", percentile(resumed, 0.99), 0.2, unit="ms")

    trial.play(scenario, ping_interval="4", ping_timeout="4")


async def by_server(stage: Stage, room_id: str, work: Work) -> None:
    """The server writes it, a code point each five milliseconds."""
    session = await stage.guest("Asker")
    await stage.join(room_id, session["access_token"])
    body = {"client_id": "ask-" + work.text[:1].encode().hex(), "content_type": "text/plain"}
    source = {"kind": "text", "text": work.text, "pace_ms": 5}
    opened = await stage.ask("POST", f"/rooms/{room_id}/streams", {**body, "source": source}, session["access_token"])
    work.stream_id = opened["stream_id"]


async def by_client(stage: Stage, group: asyncio.TaskGroup, room_id: str, work: Work, deaths: list[int], way: str) -> Producer:
    session = await stage.guest("Producer")
    await stage.join(room_id, session["access_token"])
    body = {"client_id": "work", "content_type": "text/plain"}
    opened = await stage.ask("POST", f"/rooms/{room_id}/streams", body, session["access_token"])
    work.stream_id = opened["stream_id"]

    async def hire() -> Writer:
        client = cast(Writer, await stage.person(way, session=session))
        client.start()
        return client

    producer = Producer(work, hire, deaths)
    group.create_task(producer.write(opened["lease"]))
    return producer


async def kill_the_server(stage: Stage, producers: list[Producer], pieces: int, kills: int, *, all_of_it: bool) -> list[float]:
    whole = []
    for number in range(kills):
        wanted = int(len(producers) * pieces * (number + stage.rng.uniform(0.2, 0.8)) / kills)
        await stage.until(
            f"{wanted} pieces",
            lambda wanted=wanted: sum(one.written for one in producers) >= min(wanted, len(producers) * (pieces - 1)),
        )
        whole.append(await stage.kill_and_start(all_of_it=all_of_it))
    return whole


async def be_cut(rng: random.Random, stage: Stage, viewer: Viewer, cuts: int, most: int) -> None:
    """Cut after some pieces more, or at once when nothing more comes."""
    for _ in range(cuts):
        await stage.until("a viewer is whole", lambda: viewer.client.whole)
        wanted = viewer.pieces + rng.randrange(1, 20)
        await stage.until("a viewer has seen more", lambda wanted=wanted: viewer.pieces >= wanted or viewer.complete)
        viewer.client.cut()
        await stage.until("a viewer is cut", lambda: not viewer.client.whole)


async def check(stage: Stage, works: list[Work], audience: list[Viewer]) -> None:
    """Viewers, late joiners, REST and the disk have the same bytes."""
    found: list[str] = []
    by_stream = {work.stream_id: work for work in works}
    for viewer in audience:
        for stream_id, copy in viewer.copies.items():
            if copy.text != by_stream[stream_id].text:
                found.append(f"{viewer.client.name} has {copy.length} other units of stream {stream_id}")
    for work in works:
        text, state = "", "open"
        while state == "open" or text != work.text:
            view = await stage.ask("GET", f"/streams/{work.stream_id}?offset={len(text.encode('utf-16-le')) // 2}")
            text, state = text + view["text"], view["state"]
            if not view["text"]:
                break
        rows = stage.server.query('SELECT content FROM stream_pieces WHERE stream_id = ? ORDER BY "offset"', work.stream_id)
        stored = "".join(row[0] for row in rows)
        if (text, state, stored) != (work.text, "finished", work.text):
            found.append(f"stream {work.stream_id} is {state}, {len(text)} and {len(stored)} of {len(work.text)} characters")
    assert not found, "\n".join(found)
    late = viewer_of(await stage.person("websocket"))
    for room in stage.rooms:
        late.client.reads(await stage.join(room["id"], late.client.token))
    for work in works:
        late.watch(work.stream_id)
    late.client.start()
    await stage.until("a late joiner has everything", lambda: late.complete)
    assert {stream_id: copy.text for stream_id, copy in late.copies.items()} == {one.stream_id: one.text for one in works}
    await stage.judge()
