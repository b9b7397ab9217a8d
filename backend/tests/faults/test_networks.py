"""Bad networks: late, slow, in crumbs, torn, silent. The log is the same for everybody all the same."""

import asyncio
from dataclasses import replace

import pytest

from faults import plan
from faults.conftest import Trial
from faults.history import percentile
from faults.proxy import Cut, Fault, Proxy
from faults.stage import Stage
from server import Server

FAULTS = (
    Fault("late: 20 to 180 ms", delay_s=0.1, jitter_s=0.08),
    Fault("slow: 2 kB/s", bytes_a_second=2_000),
    Fault("crumbs of 1 to 7 bytes", crumbs=7),
    Fault("reset now and then"),
    Fault("silent now and then", cut="silence"),
    Fault("4 to 60 kB, then a reset", cut_after=(4_000, 60_000)),
    Fault("4 to 60 kB, then silence", cut_after=(4_000, 60_000), cut="silence"),
)


@pytest.mark.scenario("network")
@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_on_a_bad_network_nothing_is_lost_and_nothing_doubled(
    trial: Trial, server: Server, live_server: Server, fault: Fault
) -> None:
    clients, count, rooms = trial.size((5, 20 if fault.bytes_a_second else 50, 2), (30, 2_000, 6))
    by_hand = trial.size(2, 20) if "now and then" in fault.name else 0

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(rooms)
        proxy = await Proxy(stage.server.port, trial.rng).start()
        transports = ("websocket", "websocket", "polling", "websocket", "rest")
        cast = await stage.cast([transports[number % 5] for number in range(clients)], port=proxy.port, rooms_each=1)
        proxy.fault = fault
        if fault.cut_after or fault.bytes_a_second or fault.delay_s:
            # The connections from before are without it.
            proxy.cut("fin")
        planned = [replace(one, room=0) for one in plan.sends(trial.rng, clients, rooms, count)]
        sending = asyncio.create_task(stage.say_all(cast, planned, window=4))
        for number in range(by_hand):
            wanted = count * (number + 1) // (by_hand + 1)
            await stage.until(f"{wanted} acks", lambda wanted=wanted: stage.acks() >= wanted)
            how: Cut = fault.cut
            proxy.cut(how, share=0.4)
        await sending
        await stage.judge()
        seconds = [answer.seconds for answer in stage.history.answers if answer.code == "ok"]
        trial.row.numbers |= {"clients": clients, "rooms": rooms, "acked": stage.acks(), "cuts": stage.history.cuts}
        trial.row.outcome = "0 lost, 0 double, 0 gaps"
        trial.row.times |= {f"ack p{share}": f"{percentile(seconds, share / 100):.2f} s" for share in (50, 99)}
        await proxy.close()

    # On a slow line a ping waits behind what goes before it, so that the usual patience is needed.
    trial.play(scenario, server if fault.bytes_a_second else live_server)


@pytest.mark.scenario("network: slow, and much was missed")
def test_who_missed_much_becomes_whole_on_a_slow_line(trial: Trial, live_server: Server) -> None:
    """What is asked for must come in pages that pass before a ping has to: else the line is cut, and it begins anew."""
    missed = trial.size(150, 1_000)

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(1)
        [speaker] = await stage.cast(["websocket"])
        room_id = stage.rooms[0]["id"]
        reader = await stage.person("websocket")
        reader.reads(await stage.join(room_id, reader.token))
        await asyncio.gather(*(speaker.say(room_id, f"missed-{number}", text="word " * 30) for number in range(missed)))
        # The server's patience is 2.5 s; at the usual 18 s this line would be one of 2 kB/s.
        proxy = await Proxy(stage.server.port, trial.rng, Fault(bytes_a_second=15_000)).start()
        reader.port = proxy.port
        reader.start()
        await stage.until("who missed much is whole", lambda: reader.whole)
        await stage.judge()
        trial.row.numbers |= {"missed": missed, "cuts": stage.history.cuts}
        trial.row.outcome = "whole"
        await proxy.close()

    trial.play(scenario, live_server)
