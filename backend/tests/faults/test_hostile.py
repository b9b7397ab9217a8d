"""Four hostile guests beside ordinary clients: the others are served, every refusal has a code, and nothing is lasting."""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from faults.client import LiveClient
from faults.conftest import Trial
from faults.history import percentile
from faults.stage import Stage
from server import Server, until

ALLOWED = {"ok", "rate_limited", "quota_exceeded", "unavailable", "forbidden", "wrong_offset", "stream_ended", "not_found",
           "too_large", "unauthenticated", "conflict"}  # fmt: skip
GUEST_ROOMS, GUEST_BYTES = 20, 16 * 1_048_576
TIMES_SLOWER = 3.0


async def say(client: LiveClient, number: int, seconds: float, sent: dict[str, str]) -> list[float]:
    """One message a second. Returns how long each ack took; `sent` takes message id → client_id."""
    rooms, waits = list(client.rooms), []
    for step in range(max(1, int(seconds))):
        client_id = f"ordinary-{number}-{time.monotonic_ns()}"
        began = time.monotonic()
        message = await client.say(rooms[step % len(rooms)], client_id, text="good morning")
        waits.append(time.monotonic() - began)
        sent[message["id"]] = client_id
        await asyncio.sleep(max(0.0, 1.0 - waits[-1]))
    return waits


async def talk(cast: list[LiveClient], seconds: float, sent: dict[str, str]) -> list[float]:
    async def one(number: int, client: LiveClient) -> list[float]:
        await asyncio.sleep(number / len(cast))
        return await say(client, number, seconds, sent)

    waits = await asyncio.gather(*(one(number, client) for number, client in enumerate(cast)))
    return [wait for each in waits for wait in each]


async def attack(server: Server, seconds: float, rooms: list[str]) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faults.hostile", str(server.port), str(seconds), *rooms,
        cwd=Path(__file__).parents[1], stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    answers: dict[str, Any] = json.loads(out)
    return answers


@pytest.mark.scenario("four hostile guests")
def test_hostile_guests_cost_the_others_little_and_leave_nothing_behind(trial: Trial) -> None:
    clients, seconds = trial.size(10, 50), trial.size(4.0, 30.0)
    server = trial.serve(rate_limits="on", stream_lease_s="2")

    async def scenario(stage: Stage) -> None:
        await stage.open_rooms(5)
        cast = [one for one in await stage.cast(["websocket"] * clients, rooms_each=2) if isinstance(one, LiveClient)]
        sent: dict[str, str] = {}
        alone = await talk(cast, seconds, sent)
        beside, told = await asyncio.gather(
            talk(cast, seconds, sent), attack(server, seconds + 2, [room["id"] for room in stage.rooms])
        )
        for asked, codes in told["answers"].items():
            assert codes.keys() <= ALLOWED, f"{asked}: {codes}"
        limited = sum(codes.get("rate_limited", 0) for codes in told["answers"].values())
        assert limited > 0, told
        await nothing_lasting(stage, told["users"])
        await stage.all_whole()
        stored = {row[0]: row[1] for row in server.query("SELECT id, client_id FROM messages")}
        assert sent.items() <= stored.items(), "what was acked is stored"
        assert not stage.history.false_steps, stage.history.false_steps[:5]
        assert "internal error" not in server.log(), server.log()[-3_000:]
        quiet, loud = percentile(alone, 0.99), percentile(beside, 0.99)
        trial.row.numbers |= {"clients": clients, "hostile guests": 4, "asked": asked_in_all(told), "limited": limited}
        trial.row.times["ack p99 alone"] = f"{1000 * quiet:.0f} ms"
        trial.bar("ack p99 beside them", loud, TIMES_SLOWER * quiet, unit="ms")
        trial.row.outcome = "all served, nothing lasting"
        print(
            json.dumps({"alone_ms": 1000 * quiet, "beside_ms": 1000 * loud, "ratio": loud / quiet, "answers": told["answers"]})
        )

    trial.play(scenario, server)


def asked_in_all(told: dict[str, Any]) -> int:
    return sum(sum(codes.values()) for codes in told["answers"].values())


async def nothing_lasting(stage: Stage, users: list[str]) -> None:
    """No stream goes on, and what was stored is within the quotas."""
    marks = ", ".join("?" for _ in users)
    open_streams = f"SELECT id FROM streams WHERE state = 'open' AND producer_id IN ({marks})"
    await stage.by_hand(until, "no stream goes on", lambda: not stage.server.query(open_streams, *users), 20)
    owned = f"SELECT user_id, count(*) FROM memberships WHERE role = 'owner' AND user_id IN ({marks}) GROUP BY user_id"
    for _, rooms in stage.server.query(owned, *users):
        assert rooms <= GUEST_ROOMS
    texts = (
        f"SELECT author_id, sum(length(coalesce(text, data, ''))) FROM messages WHERE author_id IN ({marks}) GROUP BY author_id"
    )
    pieces = (
        "SELECT author_id, sum(length(content)) FROM stream_pieces JOIN streams ON streams.id = stream_id "
        f"WHERE author_id IN ({marks}) GROUP BY author_id"
    )
    stored = dict.fromkeys(users, 0)
    for query in (texts, pieces):
        for user_id, size in stage.server.query(query, *users):
            stored[user_id] += size
    assert max(stored.values()) <= GUEST_BYTES, stored
