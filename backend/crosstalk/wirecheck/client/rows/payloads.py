"""Large, and binary."""

import os
from typing import Any

from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, same, show
from crosstalk.wirecheck.client.rows.events import expect_ack

_PATIENCE_S = 15.0


def _there_and_back(desk: Desk, payload: Any, what: str, patience: float | None = None) -> str:
    line = desk.open()
    acked = line.ask("my event", payload, patience=patience)
    if not same(acked, ("one", 2)):
        raise Unlike(f"the ack was {show(acked)}")
    line.hear_once("my response", payload, patience=patience)
    return f"{what}, both ways"


@row("300 kB text", "300,000 characters come back the same", seconds=40)
def large_text(desk: Desk) -> str:
    return _there_and_back(desk, (desk.token + "x" * 300_000)[:300_000], "300,000 characters", _PATIENCE_S)


@row("500 kB text", "500,000 characters come back the same: 512 kB a packet are promised", seconds=40)
def largest_text(desk: Desk) -> str:
    return _there_and_back(desk, (desk.token + "x" * 500_000)[:500_000], "500,000 characters", _PATIENCE_S)


@row("500 kB binary", "500,000 bytes come back the same", seconds=40)
def largest_binary(desk: Desk) -> str:
    return _there_and_back(desk, os.urandom(500_000), "500,000 bytes", _PATIENCE_S)


@row("nested binary", "bytes within objects and lists come back in their places", seconds=20)
def nested_binary(desk: Desk) -> str:
    payload = {"token": desk.token, "file": {"name": "a.bin", "body": os.urandom(64)}, "parts": [b"\x00", b"\xff\xfe", "text"]}
    return _there_and_back(desk, payload, "three pieces of binary")


@row("binary among arguments", "bytes as one of three arguments come back as bytes, in that place")
def binary_argument(desk: Desk) -> str:
    line = desk.open()
    arguments = (desk.token, os.urandom(300), {"more": b"\x01\x02"})
    expect_ack(line, (), "my_event", *arguments)
    return line.hear_once("my response", *arguments)


@row("binary in an ack", "bytes that the client acks with come back in confirmed")
def binary_ack(desk: Desk) -> str:
    line = desk.open()
    ack = (desk.token, os.urandom(32))
    line.answers["confirm_me"] = ack
    line.emit("confirm", b"\x00" + desk.token.encode())
    line.hear("confirm_me", b"\x00" + desk.token.encode())
    return line.hear_once("confirmed", *ack)
