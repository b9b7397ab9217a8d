"""The log: one JSON line an event on standard output, and never a token or a session id in it."""

import json
import subprocess
import sys

import pytest

from conftest import Meet, Serve
from people import fresh
from raw import RawPolling, RawSocket, Upgrade
from rest import ask


def test_the_log_is_json_lines_without_a_token_or_a_session_id(serve: Serve, meet: Meet) -> None:
    server = serve()
    secrets: set[str] = set()
    ann, bob = meet(server, "Ann"), meet(server, "Bob", transports=["polling"])
    for person in (ann, bob):
        secrets |= {person.token, person.refresh_token, person.line.client.eio.sid, person.line.client.get_sid("/chat") or ""}
    room_id = ann.open_room()
    invite = ann.good("POST", f"/rooms/{room_id}/invites", {})["invite"]
    secrets |= {invite, "a very secret password", "words for nobody else"}
    ann.say(room_id, "words for nobody else")
    ask(server.port, "POST", "/api/accounts", {"name": "Dora", "password": "a very secret password"})
    ask(server.port, "POST", "/api/sessions", {"name": "Dora", "password": "a very secret password!"})
    ask(server.port, "GET", "/api/me", token=ann.token + "x")
    ask(server.port, "GET", "/api/me", headers=[("Origin", "http://evil.example"), ("Authorization", f"Bearer {ann.token}")])
    ann.refused("message:send", room_id=room_id, client_id=fresh(), text="words for nobody else\0")
    ann.refused("session:renew", token=bob.token)
    raw = RawSocket(server).enter(ann.token)
    secrets.add(raw.opening["sid"])
    raw.send('42/chat,1["message:send",{"text":NaN,"x":"words for nobody else"}]')
    assert raw.close_code() == 4400
    polling = RawPolling(server).enter(bob.token)
    secrets.add(polling.opening["sid"])
    polling.post("4x words for nobody else")
    for sid in (polling.opening["sid"], "nosuchsid"):
        ask(server.port, "GET", f"/socket.io/?EIO=4&transport=polling&sid={sid}", headers=[("Origin", "http://evil.example")])
        ask(server.port, "GET", f"/socket.io/?EIO=4&transport=polling&sid={sid}")
        with pytest.raises(Upgrade):
            RawSocket(server, query=f"&sid={sid}", headers=[("Origin", "http://evil.example")])
    ann.good("DELETE", "/sessions/current")
    assert ann.line.gone.wait(5)
    server.stop()
    log, errors = server.log(), server.errors()
    lines = [json.loads(line) for line in log.splitlines()]
    assert lines, "refusals of origins and broken packets are in the log"
    assert all(isinstance(line, dict) and {"event", "level", "timestamp"} <= line.keys() for line in lines)
    assert {"origin refused", "bad packet"} <= {line["event"] for line in lines}
    for secret in secrets - {""}:
        assert secret not in log, "a secret is in the log"
        assert secret not in errors
    assert "Traceback" not in errors


def test_the_trace_of_an_internal_error_shows_no_local_variables() -> None:
    failing = """
from crosstalk.core.errors import internal
from crosstalk.logs import configure_logs

def fail(password):
    raise KeyError("lost")

configure_logs()
try:
    fail("correct " + "horse")
except KeyError as error:
    internal(error, operation="test")
"""
    printed = subprocess.run([sys.executable, "-c", failing], capture_output=True, text=True, check=True).stdout
    logged = json.loads(printed)
    assert logged["exception"][0]["frames"][-1]["name"] == "fail"
    assert "correct horse" not in printed
