"""A client written from docs/protocol.md alone is whole: many rooms, answers that do not fit, cuts after random bytes."""

import asyncio
from collections.abc import Sequence

import pytest

from faults import plan
from faults.checker import Truth, violations
from faults.conftest import Trial
from faults.plain_client import PlainClient
from faults.proxy import Cut, Fault, Proxy
from faults.room_log import RoomLog, entry_of
from faults.stage import Client, Stage
from server import Server, until

ROOMS = 50
WAYS: tuple[Cut, ...] = ("reset", "reset", "reset", "fin", "fin", "silence")
PAUSE_S = 0.5


@pytest.mark.scenario("a client written from the protocol page, cut at random")
def test_a_client_written_from_the_protocol_page_is_whole_after_random_cuts(trial: Trial, live_server: Server) -> None:
    clients, cuts, before = trial.size((3, 40, 400), (6, 1_000, 3_000))

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(ROOMS)
        speakers = await stage.cast(["websocket", "rest", "websocket"])
        # To a client that has nothing this is an answer that does not fit many times over.
        await talk(stage, speakers, before)
        proxy = await Proxy(stage.server.port, trial.rng).start()
        plain = [await plain_client(stage, proxy, number) for number in range(clients)]
        enough = asyncio.Event()
        talking = asyncio.create_task(talk_on(stage, speakers, enough))
        try:
            for number in range(cuts + 1):
                # From less than one answer to several. New connections get it; each is cut in the way that is drawn by then.
                proxy.fault = Fault(cut_after=(2_000, 60_000), cut=trial.rng.choice(WAYS))
                await stage.until(f"{number} cuts", lambda number=number: cuts_of(plain) >= number)
                if number == 0:
                    for client in plain:
                        client.start()
            enough.set()
            await talking
            counted = cuts_of(plain)
            proxy.fault = Fault()
            proxy.cut("reset")
            truths = [await stage.truth(room["id"]) for room in stage.rooms]
            await stage.by_hand(until, "every plain client is whole", lambda: are_whole(plain, truths), stage.patience_s)
        finally:
            await stage.by_hand(lambda: [client.close() for client in plain])
            await proxy.close()
        await stage.judge()
        for client in plain:
            await check(stage, client, truths)
        unfinished, empty = (sum(getattr(one, name) for one in plain) for name in ("unfinished", "empty_handed"))
        assert unfinished > empty > 0, "the answers have to be too small for what was missed"
        trial.row.numbers |= {"clients": clients, "rooms": ROOMS, "cuts": counted, "acked": stage.acks()}
        trial.row.numbers |= {"rooms that did not fit into an answer": unfinished, "of these without a change": empty}
        trial.row.outcome = "each has the log of the server, 0 lost, 0 double, in order"

    trial.play(scenario, live_server)


async def talk(stage: Stage, speakers: Sequence[Client], count: int) -> None:
    """Sends, and edits and deletions of them, in all rooms."""
    await stage.say_all(speakers, plan.sends(stage.rng, len(speakers), ROOMS, count, changes=0.4))


async def talk_on(stage: Stage, speakers: Sequence[Client], enough: asyncio.Event) -> None:
    """By turns a little, which is received live, and more than an answer can have."""
    while not enough.is_set():
        await talk(stage, speakers, stage.rng.choice((2, 10, 80)))
        await asyncio.sleep(PAUSE_S)


async def plain_client(stage: Stage, proxy: Proxy, number: int) -> PlainClient:
    session = await stage.guest(f"Plain {number}")
    for room in stage.rooms:
        await stage.join(room["id"], session["access_token"])
    room_ids = [room["id"] for room in stage.rooms]
    transports = ["polling"] if number % 3 == 2 else ["websocket"]
    return PlainClient(f"http://localhost:{proxy.port}", session["access_token"], room_ids, transports)


def cuts_of(plain: list[PlainClient]) -> int:
    return sum(client.cuts for client in plain)


def are_whole(plain: list[PlainClient], truths: list[Truth]) -> bool:
    assert not any(client.failure for client in plain), [client.failure for client in plain]
    return all(client.positions[truth.room_id] == truth.seq for client in plain for truth in truths)


async def check(stage: Stage, client: PlainClient, truths: list[Truth]) -> None:
    """The same messages and members as by REST, and every change applied once and in order."""
    logs = []
    for truth in truths:
        room_id = truth.room_id
        messages = sorted(client.messages[room_id].values(), key=lambda message: message["seq"])
        assert messages == truth.messages
        members = (await stage.ask("GET", f"/rooms/{room_id}/members?limit=200"))["members"]
        assert client.members[room_id] == {member["user"]["id"] for member in members}
        log = RoomLog(room_id, 0, client.epoch)
        log.position, log.applied = client.positions[room_id], [entry_of(change) for change in client.applied[room_id]]
        logs.append(log)
    found = violations(stage.history, truths, logs)
    assert not found, f"{len(found)} violations:\n" + "\n".join(found[:20])
