"""The TCP stream is cut after byte k, for every k: through the handshake, the connect, the catch-up, a send and its ack."""

from typing import cast

import pytest

from faults.client import LiveClient
from faults.conftest import Trial
from faults.proxy import Cut, Fault, Proxy
from faults.stage import Stage
from server import Server

BEHIND = 3


@pytest.mark.scenario("TCP cut after byte k")
@pytest.mark.parametrize("transport", ["websocket", "polling"])
@pytest.mark.parametrize("direction", ["up", "down"])
def test_wherever_the_connection_is_cut_the_send_is_stored_once_and_the_reader_is_whole(
    trial: Trial, live_server: Server, transport: str, direction: str
) -> None:
    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        proxy = await Proxy(stage.server.port, trial.rng).start()
        writer = await stage.person("rest")
        await stage.join(stage.rooms[0]["id"], writer.token)
        session = await stage.guest("The one who is cut")
        await stage.join(stage.rooms[0]["id"], session["access_token"])
        length = (await exchange(stage, proxy, writer, session, transport, "whole"))[direction]
        tried = 0
        # The short form takes a few dozen places, other ones under each seed.
        stride = trial.size(max(1, length // 24), 1)
        for k in range(trial.rng.randrange(stride), length + 1, stride):
            proxy.budget[direction] = k
            how: Cut = trial.rng.choice(("reset", "fin"))
            proxy.fault = Fault(cut=how)
            await exchange(stage, proxy, writer, session, transport, f"{direction} {k} {how}")
            proxy.budget.clear()
            tried += 1
        await stage.judge([writer])
        await proxy.close()
        trial.row.numbers |= {"places": tried, "bytes of the exchange": length, "cuts": stage.history.cuts}
        trial.row.outcome = "each send stored once, each reader whole"

    trial.play(scenario, live_server)


async def exchange(
    stage: Stage, proxy: Proxy, writer: object, session: dict[str, object], transport: str, label: str
) -> dict[str, int]:
    """Somebody who is three messages behind connects, catches up and sends. Returns the bytes that it took."""
    before = dict(proxy.passed)
    room = await stage.ask("GET", f"/rooms/{stage.rooms[0]['id']}")
    client = cast(LiveClient, await stage.person(transport, port=proxy.port, session=session))
    log = client.reads(room)
    others = cast(LiveClient, writer)
    for number in range(BEHIND):
        await others.say(room["id"], f"missed-{number}-{stage.rng.getrandbits(64):x}", text="missed")
    client.start()
    message = await client.say(room["id"], f"sent-{stage.rng.getrandbits(64):x}", text=label)
    await stage.until(f"whole after the cut: {label}", lambda: client.whole and log.position >= message["seq"])
    assert [entry.seq for entry in log.applied] == list(range(log.base + 1, log.base + BEHIND + 2)), label
    stage.clients.remove(client)
    await client.close()
    return {direction: proxy.passed[direction] - before[direction] for direction in proxy.passed}
