"""Every command and file of the README and the guides is run as it stands there, against real servers."""

import subprocess
from pathlib import Path

import pytest
from snippets import ADDRESS, GUIDES, PATIENCE_S, ROOT, Workplace, snippets_of

from conftest import Serve
from rest import ask
from server import Server, free_port

pytestmark = pytest.mark.timeout(PATIENCE_S + 30)
README = ROOT / "README.md"
# What is not executed, by document. A new one needs a reason in its fence, and a place here.
NOT_RUN = {"README": 2, "get-started": 2, "own-page": 3, "streams": 0, "testing": 1, "deploy": 3, "troubleshooting": 1}
# Statuses of requests whose form is right: done, not signed in (an invented token), not allowed, not there, in conflict.
UNDERSTOOD = {"200", "201", "204", "401", "403", "404", "409"}
# The files that a browser or a process of test_own_page.py runs.
OWN_PAGE = {"index.html", "session.js", "room.js", "page.js", "hello.mjs"}


@pytest.fixture(scope="module")
def guide_server(serve_module: Serve) -> Server:
    return serve_module(allowed_origins="http://localhost:3000", stream_lease_s="1")


def test_every_fence_is_run_or_says_why_not() -> None:
    counted = {}
    for document in [README, *GUIDES]:
        snippets = snippets_of(document)
        counted[document.stem] = sum(one.not_run is not None for one in snippets)
        commands = "".join(one.code for one in snippets if one.language == "sh" and one.not_run is None)
        for one in snippets:
            assert one.language in ("sh", "js", "py", "html"), f"{document.name}: {one.code}"
            assert one.file or one.not_run or one.language == "sh", f"{document.name} has code that nothing runs: {one.code}"
            assert one.file is None or one.file in OWN_PAGE or one.file in commands or one.file == "conftest.py"
    assert counted == NOT_RUN


def test_the_readme_and_the_guide_show_the_same_program() -> None:
    [readme], [guide] = (
        [one.code for one in snippets_of(document) if one.file == "hello.mjs"]
        for document in (README, ROOT / "docs/guides/get-started.md")
    )
    assert readme == guide


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 120


def test_get_started(guide_server: Server, tmp_path: Path) -> None:
    said = run("get-started", guide_server, tmp_path)
    assert said.count("Hello from curl") == 2, "the answer of the send, and the page of messages"
    assert '"allowed":true' in said
    assert '"code":' not in said


def test_live_streams(guide_server: Server, tmp_path: Path) -> None:
    said = run("streams", guide_server, tmp_path)
    text = "Live text appears while it is written. Nothing is lost when a connection breaks.  "
    assert f"finished: {text}\n" in said, "the viewer has it whole"
    assert f'"text":"{text}"' in said, "REST has it whole"
    assert '"state":"stopped"' in said
    assert '"reason":"Enough for today"' in said
    assert f'"offset":{len(text) + len("The next producer goes on here.")}' in said


def test_troubleshooting(guide_server: Server, tmp_path: Path) -> None:
    said = run("troubleshooting", guide_server, tmp_path)
    assert "the port differs" in said
    assert '"code":"origin_refused"' in said


def test_deploy(guide_server: Server, tmp_path: Path) -> None:
    assert '"status":"ok"' in run("deploy", guide_server, tmp_path)


def test_every_curl_command_of_the_reference_is_understood(guide_server: Server) -> None:
    """What they name does not exist here, except for the lobby. No answer may find fault with the request itself."""
    document = ask(guide_server.port, "GET", "/openapi.json").body
    commands = [one["x-codeSamples"][0]["source"] for item in document["paths"].values() for one in item.values()]
    script = ["curl() { command curl -s -o /dev/null -w '%{http_code}\\n' \"$@\"; }"]
    for command in commands:
        token = ask(guide_server.port, "POST", "/api/guests", {"name": "Reader"}).body["access_token"]
        ask(guide_server.port, "POST", "/api/rooms/lobby/members", {}, token=token)
        script += [f"TOKEN={token}", command]
    ran = subprocess.run(["bash", "-ec", "\n".join(script)], capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    answers = dict(zip(commands, ran.stdout.split(), strict=True))
    assert {command: status for command, status in answers.items() if status not in UNDERSTOOD} == {}
    assert sum(status.startswith("2") for status in answers.values()) > len(answers) / 2


def test_a_throwaway_server_for_tests(tmp_path: Path) -> None:
    first, second = free_port(), free_port()
    document = ROOT / "docs/guides/testing.md"
    said = Workplace(tmp_path, document, replaced={"5010": str(first), "5011": str(second)}).run_commands()
    assert said.count('"text":"Message ') == 3
    assert "1 passed" in said


def run(guide: str, server: Server, folder: Path) -> str:
    return Workplace(folder, ROOT / f"docs/guides/{guide}.md", replaced={ADDRESS: server.url}).run_commands()
