"""The store is locked, full, or will not be written: no false ack, a typed answer soon, and recovery by itself."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from faults import stores
from faults.conftest import Trial
from faults.plan import text_of
from faults.stage import Client, Stage
from faults.wires import Http
from server import Server

TYPED_WITHIN_S = 2.0


@contextmanager
def on_small_disk(trial: Trial) -> Iterator[tuple[Server, AbstractContextManager[None]]]:
    with stores.small_disk(trial.home / "disk") as disk:
        where = disk.where if disk else trial.home
        server = trial.serve(database_url=f"sqlite:///{where}/crosstalk.db")
        server.database = where / "crosstalk.db"
        try:
            yield server, disk.full() if disk else stores.no_more_bytes(server)
        finally:
            server.close()


@contextmanager
def with_file(server: Server, kind: str) -> Iterator[tuple[Server, AbstractContextManager[None]]]:
    yield server, {"locked": stores.locked, "no more bytes": stores.no_more_bytes}[kind](server)


@pytest.mark.scenario("store")
@pytest.mark.parametrize("kind", ["locked", "full", "no more bytes"])
def test_what_cannot_be_stored_is_refused_soon_and_stored_later(trial: Trial, live_server: Server, kind: str) -> None:
    clients = trial.size(6, 20)
    # Longer than the server waits for a lock.
    seconds = trial.size(2.5 if kind == "locked" else 0.8, 10.0)

    async def scenario(stage: Stage, fault: AbstractContextManager[None]) -> None:
        await stage.open_rooms(2)
        transports = ("websocket", "rest", "websocket", "polling")
        cast = await stage.cast([transports[number % 4] for number in range(clients)])
        stopped = asyncio.Event()
        talking = [asyncio.create_task(talk(stage, client, stopped)) for client in cast]
        await stage.until("all is well", lambda: stage.acks() >= clients)
        with fault:
            before, acked = len(stage.history.answers), stage.acks()
            await asyncio.sleep(seconds)
            answers = stage.history.answers[before:]
            falsely = stage.acks() - acked
        mended = stage.acks()
        await stage.until("it recovers by itself", lambda: stage.acks() >= mended + clients)
        stopped.set()
        await asyncio.gather(*talking)
        await stage.judge()
        refused = [answer for answer in answers if answer.code != "ok"]
        slowest = max(answer.seconds for answer in stage.history.answers)
        trial.row.numbers |= {"clients": clients, "acked": stage.acks(), "refused": len(refused), "acked meanwhile": falsely}
        trial.row.outcome = "no false ack, typed, recovered"
        trial.row.times |= {"out of order for": f"{seconds:.0f} s"}
        trial.bar("slowest answer", slowest, TYPED_WITHIN_S)
        assert refused, "the fault was felt"
        assert {answer.code for answer in refused} == {"unavailable"}

    with on_small_disk(trial) if kind == "full" else with_file(live_server, kind) as (server, fault):
        trial.play(lambda stage: scenario(stage, fault), server)


async def talk(stage: Stage, client: Client, stopped: asyncio.Event) -> None:
    """One message after the other, each when the one before is stored."""
    number = 0
    while not stopped.is_set():
        room = stage.rooms[number % len(stage.rooms)]
        await client.say(room["id"], f"talk-{number}", text=text_of(stage.rng))
        number += 1
        # People pause; without it the test would be one of throughput.
        await asyncio.sleep(0.02)


@pytest.mark.scenario("store: read-only")
def test_a_file_that_is_read_only_is_refused_for_so_long_and_no_longer(trial: Trial) -> None:
    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        cast = await stage.cast(["websocket", "rest", "polling"])
        room_id = stage.rooms[0]["id"]
        way = Http(stage.server.port, cast[0].token)
        with stores.read_only(stage.server):
            # A server that runs has the file open and may go on; one that starts opens it anew.
            await stage.by_hand(stage.server.restart)
            await stage.all_whole()
            answers = [client.say(room_id, f"sent-{client.transport}", text="to be kept") for client in cast]
            await stage.until("all were refused", lambda: len(stage.history.answers) >= 2 * len(cast))
            status, answer = await way.ask(
                "POST", f"/api/rooms/{room_id}/streams", {"client_id": "s", "content_type": "text/plain"}
            )
            assert (status, json.loads(answer)["code"]) == (503, "unavailable")
            assert stage.acks() == 0, "nothing was acked while nothing could be stored"
        await stage.until("it recovers by itself", lambda: stage.acks() == len(cast))
        await asyncio.gather(*answers)
        way.cut()
        await stage.judge()
        slowest = max(answer.seconds for answer in stage.history.answers)
        trial.row.numbers |= {"acked": stage.acks(), "refused": len(stage.history.answers) - stage.acks()}
        trial.row.outcome = "no false ack, typed, recovered"
        trial.bar("slowest answer", slowest, TYPED_WITHIN_S)

    trial.play(scenario, trial.serve_without_override())
