"""The signing keys of a server that runs: kid, rotation, revocation, and what becomes of tokens meanwhile."""

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import jwt
import pytest

from conftest import Meet, Serve
from people import Person
from rest import ask
from server import Server, clean_environment, until

# Several starts of a server and of commands each.
pytestmark = pytest.mark.timeout(120)


def signing_key(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crosstalk", "signing-key", *words],
        env=clean_environment(database_url=f"sqlite:///{server.database}"),
        cwd=server.home,
        capture_output=True,
        text=True,
        timeout=50,
    )


def kid_of(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


def works(server: Server, token: str) -> bool:
    return ask(server.port, "GET", "/api/me", token=token).status == 200


def test_a_token_names_its_key_its_type_and_its_audience(server: Server, cleo: Person) -> None:
    header = jwt.get_unverified_header(cleo.token)
    assert header["typ"] == "at+jwt"
    assert header["kid"] == json.loads(server.key_file.read_text())["signing"][0]["kid"]
    claims = jwt.decode(cleo.token, server.signing_key, algorithms=["HS256"], audience="crosstalk", issuer="crosstalk")
    assert claims["sub"] == cleo.id


FORGED = {
    "an unknown kid": ({"kid": "unknown"}, {}),
    "no text for a kid": ({"kid": 7}, {}),
    "another type": ({"typ": "id+jwt"}, {}),
    "another audience": ({}, {"aud": "elsewhere"}),
    "several audiences": ({}, {"aud": ["crosstalk", "elsewhere"]}),
}


@pytest.mark.parametrize(("header", "claims"), FORGED.values(), ids=FORGED)
def test_a_token_with_the_right_key_for_something_else_is_refused(
    server: Server, cleo: Person, header: dict[str, object], claims: dict[str, object]
) -> None:
    own = jwt.decode(cleo.token, options={"verify_signature": False})
    real = {"typ": "at+jwt", "kid": kid_of(cleo.token)}
    good = jwt.encode(own, server.signing_key, "HS256", headers=real)
    assert works(server, good)
    head, body = {**real, **header}, {**own, **claims}
    # By hand: the library refuses to make some of these.
    parts = [jwt.utils.base64url_encode(json.dumps(part).encode()) for part in ({"alg": "HS256", **head}, body)]
    signed = b".".join(parts)
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(signed, server.signing_key.encode())
    forged = b".".join([signed, jwt.utils.base64url_encode(mac)]).decode()
    assert ask(server.port, "GET", "/api/me", token=forged).code == "unauthenticated"


def test_a_token_of_a_version_without_kid_and_audience_is_still_good(server: Server, cleo: Person) -> None:
    claims = jwt.decode(cleo.token, options={"verify_signature": False})
    del claims["aud"]
    assert works(server, jwt.encode(claims, server.signing_key, "HS256"))


def test_a_running_server_takes_up_a_new_key_and_earlier_tokens_stay_good(serve: Serve, meet: Meet) -> None:
    server = serve()
    tokens = [meet(server, "Ann", live=False).token]
    for _ in range(2):
        ran = signing_key(server, "rotate")
        assert ran.returncode == 0, ran.stderr
        kid = json.loads(server.key_file.read_text())["signing"][0]["kid"]
        assert kid in ran.stdout

        def fresh() -> str | None:
            token = meet(server, "Guest", live=False).token
            return token if kid_of(token) == kid else None  # noqa: B023, it is called before the next round

        tokens.append(str(until("new tokens are signed with the new key", fresh)))
    assert len({kid_of(token) for token in tokens}) == 3
    assert all(works(server, token) for token in tokens)
    server.restart()
    assert all(works(server, token) for token in tokens)
    assert not any(key in server.log() for key in server.key_file.read_text().split('"') if len(key) == 64)


def test_a_revoking_rotation_refuses_earlier_tokens_and_a_refresh_goes_on(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    assert works(server, ann.token)
    assert signing_key(server, "rotate", "--revoke").returncode == 0
    until("the earlier token is refused", lambda: not works(server, ann.token))
    fresh = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": ann.refresh_token})
    assert works(server, fresh.body["access_token"])


def test_the_list_shows_every_key_by_its_id_and_no_key(server: Server) -> None:
    ran = signing_key(server, "list")
    stored = json.loads(server.key_file.read_text())["signing"]
    assert [line.split()[0] for line in ran.stdout.splitlines()] == [one["kid"] for one in stored]
    assert "signs" in ran.stdout
    assert not any(one["key"] in ran.stdout + ran.stderr for one in stored)


def test_without_a_key_file_the_commands_say_so_and_make_nothing(tmp_path: Path) -> None:
    for word in ("list", "rotate"):
        ran = signing_key(Server(tmp_path), word)
        assert ran.returncode == 1
        [line] = ran.stderr.splitlines()
        assert f"{tmp_path}/crosstalk.keys.json does not exist" in line
    assert list(tmp_path.iterdir()) == []


def test_a_key_file_that_breaks_under_a_running_server_changes_nothing(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    content = server.key_file.read_text()
    server.key_file.write_text("{")
    until("the log says so", lambda: "the key file cannot be used" in server.log())
    assert works(server, ann.token)
    assert works(server, meet(server, "Bob", live=False).token)
    server.key_file.write_text(content)
    until("it is read again", lambda: "the key file has changed" in server.log())
    assert server.log().count("the key file cannot be used") == 1
    assert works(server, ann.token)


def test_a_broken_key_file_stops_the_start_with_one_line(serve: Serve) -> None:
    server = serve()
    server.stop()
    server.key_file.write_text("{")
    with pytest.raises(AssertionError, match=r"CROSSTALK_KEY_FILE=.* is not a key file"):
        server.start()


def test_a_lost_key_file_ends_access_tokens_and_no_session(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    room_id = ann.open_room()
    sent = ann.say(room_id, "once", client_id="once")
    server.stop()
    server.key_file.unlink()
    server.start()
    assert "there was no key file" in server.log()
    assert stat.S_IMODE(server.key_file.stat().st_mode) == 0o600
    assert not works(server, ann.token)
    fresh = ask(server.port, "POST", "/api/sessions/refresh", {"refresh_token": ann.refresh_token})
    token = fresh.body["access_token"]
    again = ask(server.port, "POST", f"/api/rooms/{room_id}/messages", {"client_id": "once", "text": "once"}, token=token)
    assert again.body["id"] == sent["id"], "a repeat is still recognised"


def test_a_key_in_the_database_moves_into_the_file_and_its_tokens_stay_good(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann", live=False)
    server.stop()
    key = server.signing_key
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("UPDATE installation SET signing_key = ?", (key,))
    claims = jwt.decode(ann.token, options={"verify_signature": False})
    del claims["aud"]
    server.key_file.unlink()
    server.start()
    assert server.query("SELECT signing_key FROM installation") == [("",)]
    assert server.signing_key == key
    assert works(server, jwt.encode(claims, key, "HS256"))
    files = [path for path in server.home.iterdir() if path.name.startswith(server.database.name)]
    assert not any(key.encode() in path.read_bytes() for path in files)


def test_the_files_of_a_server_are_private_whatever_was_there(serve: Serve, meet: Meet) -> None:
    server = serve()
    meet(server, "Ann", live=False)
    names = {path.name for path in server.home.iterdir()} - {"stdout.log", "stderr.log"}
    assert names == {f"crosstalk.db{end}" for end in ("", "-wal", "-shm", ".lock")} | {"crosstalk.keys.json"}
    server.kill()
    for name in names:
        (server.home / name).chmod(0o666)
    server.start()
    meet(server, "Bob", live=False)
    assert {stat.S_IMODE((server.home / name).stat().st_mode) for name in names} == {0o600}
    # SQLite itself removes the other two, when the database is opened for the first time after a kill.
    stayed = names - {"crosstalk.db-wal", "crosstalk.db-shm"}
    assert server.log().count("other accounts could read a file") == len(stayed)
