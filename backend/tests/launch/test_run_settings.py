"""What `crosstalk run` makes of the settings."""

import socket

import pytest

from crosstalk.launch.addresses import hosts_of
from crosstalk.launch.run_settings import api_finder, only_origin, settings_for_run, unreachable
from crosstalk.settings import Settings

LISTED = ("http://a.example", "https://*.b.example")
NAME = socket.gethostname().lower()


@pytest.mark.parametrize(
    ("page_host", "page", "api_host"),
    [
        ("127.0.0.1", "http://localhost:6002", "127.0.0.1"), ("localhost", "http://localhost:6002", "localhost"),
        ("127.0.0.2", "http://127.0.0.2:6002", "127.0.0.2"), ("Chat.LAN", "http://chat.lan:6002", "Chat.LAN"),
        ("2001:db8:0::1", "http://[2001:db8::1]:6002", "2001:db8:0::1"), ("0.0.0.0", f"http://{NAME}:6002", "0.0.0.0"),
        ("::", "http://[::1]:6002", "::"),
    ],
)  # fmt: skip
def test_the_page_is_allowed_under_every_address_that_it_is_served_at(page_host: str, page: str, api_host: str) -> None:
    for listed in ({}, {"allowed_origins": LISTED}):
        running = settings_for_run(Settings(page_host=page_host, page_port=6002, port=6001, **listed))
        assert running.host == api_host
        assert running.origins().accepts(page)
        assert running.origins().accepts(page.replace("6002", "6001")), "native clients send the API's own origin"
        assert not running.origins().accepts("http://elsewhere.example:6002")
        assert all(running.origins().accepts(one) for one in ("http://a.example", "https://x.b.example")) == bool(listed)


def test_on_port_80_the_origin_has_no_port() -> None:
    running = settings_for_run(Settings(page_host="127.0.0.2", page_port=80))
    assert running.allowed_origins == ("http://127.0.0.2",)


def test_what_is_set_stays() -> None:
    asked = Settings(page_host="0.0.0.0", host="127.0.0.1", public_url=("https://api.example",))
    running = settings_for_run(asked)
    assert (running.host, running.public_url) == ("127.0.0.1", ("https://api.example",))
    assert api_finder(asked, running)("chat.lan:5173") == "https://api.example"
    assert "CROSSTALK_HOST=127.0.0.1" in (unreachable(running) or "")
    assert unreachable(settings_for_run(Settings(page_host="0.0.0.0"))) is None
    assert unreachable(settings_for_run(Settings())) is None


@pytest.mark.parametrize(
    ("sent", "api"),
    [
        ("192.168.1.5:5173", "http://192.168.1.5:5002"), ("Chat.lan", "http://chat.lan:5002"), ("[2001:db8::1]:5173", "http://[2001:db8::1]:5002"),
        ("127.0.0.1:5173", "http://localhost:5002"), ("", "http://localhost:5002"), ("a b", "http://localhost:5002"),
        ("x@evil.example:5173", "http://localhost:5002"), ("evil.example/..:5173", "http://localhost:5002"), ("a;b", "http://localhost:5002"),
    ],
)  # fmt: skip
def test_the_api_has_the_host_of_the_page_and_nothing_else_of_what_was_sent(sent: str, api: str) -> None:
    asked = Settings(page_host="0.0.0.0")
    assert api_finder(asked, settings_for_run(asked))(sent) == api


def test_browsers_are_redirected_only_where_one_origin_is_allowed() -> None:
    assert only_origin(settings_for_run(Settings())) == "http://localhost:5173"
    both = ("http://127.0.0.1:5173",)
    assert only_origin(settings_for_run(Settings(allowed_origins=both))) is None
    assert only_origin(settings_for_run(Settings(page_host="0.0.0.0"))) is None


def test_every_address_of_the_machine_is_a_host_that_browsers_write() -> None:
    hosts = hosts_of("::")
    assert hosts[0] == "localhost"
    assert len(hosts) == len(set(hosts))
    assert set(hosts_of("0.0.0.0")) <= set(hosts)
    assert all(host == host.lower() and ("[" in host) == (":" in host) for host in hosts)
