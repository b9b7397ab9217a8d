"""The one decision about origins, without a server."""

import re
from datetime import date

import pytest

from crosstalk.http.origins import OriginList, OriginListError, loopback_origins

LIST = OriginList.parse(
    (
        "http://localhost:5173",
        "https://app.example.com",
        "https://*.example.org",
        "https://*.dev.example.net:8443",
        "http://[::1]:3000",
    ),
    own=("http://localhost:5002",),
    production=True,
)

ALLOWED = [
    "http://localhost:5173", "http://localhost:5002", "https://app.example.com", "https://a.example.org",
    "https://a.b.c.example.org", "https://xn--bcher-kva.example.org", "https://1.example.org", "https://a-b.example.org",
    "https://x.dev.example.net:8443", "http://[::1]:3000",
]  # fmt: skip

REFUSED = [
    "", " ", "null", "*", "http://localhost", "http://localhost:5174", "http://localhost:51730", "https://localhost:5173",
    "http://localhost:5173/", "http://localhost:5173/page", "http://localhost:5173?x", "http://localhost:5173#", " http://localhost:5173",
    "http://localhost:5173 ", "http://LOCALHOST:5173", "HTTP://localhost:5173", "http://127.0.0.1:5173", "http://localhost.:5173",
    "http://localhost:5173,http://localhost:5173", "http://localhost:5173, http://evil.example", "http://user@localhost:5173",
    "http://evil.example#http://localhost:5173", "http://localhost:5173.evil.example", "http://xlocalhost:5173",
    "https://app.example.com:443", "https://app.example.com.", "https://app.example.com.evil.example", "https://www.app.example.com",
    "https://example.com", "http://app.example.com", "https://appxexample.com", "https://App.example.com",
    "https://example.org", "https://.example.org", "https://a..example.org", "https://evilexample.org", "https://a.example.org:443",
    "https://a.example.org:8443", "http://a.example.org", "https://a.example.org/", "https://evil.example/.example.org",
    "https://evil.example#.example.org", "https://evil.example?x=.example.org", "https://user@a.example.org", "https://a_b.example.org",
    "https://A.example.org", "https://é.example.org", "https://a\n.example.org", "https://a.example.org\n", "https://x.dev.example.net",
    "https://dev.example.net:8443", "file://", "data:text/html,x", "chrome-extension://abc", "http://[::1]:3001", "http://[::2]:3000",
    "http://[", "http://localhost:port", "http://localhost:99999",
]  # fmt: skip


@pytest.mark.parametrize("origin", ALLOWED)
def test_an_origin_of_the_list_is_allowed(origin: str) -> None:
    verdict = LIST.decide(origin)
    assert verdict.allowed
    assert verdict.hint is None


@pytest.mark.parametrize("origin", REFUSED)
def test_any_other_origin_is_refused_with_a_hint(origin: str) -> None:
    verdict = LIST.decide(origin)
    assert not verdict.allowed
    assert verdict.hint


@pytest.mark.parametrize("origin", ALLOWED + REFUSED)
def test_whoever_asks_for_yes_or_no_hears_the_same(origin: str) -> None:
    assert LIST.accepts(origin) is LIST.decide(origin).allowed


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("http://localhost:5174", "the port differs"), ("http://localhost", "the port differs"), ("https://localhost:5173", "the scheme differs"),
        ("http://localhost:5173/", "nothing after the port"), ("HTTP://LOCALHOST:5173", "lower case"), ("http://127.0.0.1:5173", "the host differs"),
        ("https://www.app.example.com", "the host differs"), ("http://app.example.com", "the scheme differs"), ("null", "file"),
        ("https://other.example", "CROSSTALK_ALLOWED_ORIGINS"), ("https://app.example.com/", "https://app.example.com"),
        ("http://127.0.0.1:5173", "localhost, 127.0.0.1 and [::1] are three"), ("https://app.example.com.", "the host ends with a dot"),
        ("https://app.example.com:443", "browsers leave out the default port"), ("http://localhost:05173", "the port is written differently"),
        ("http://localhost:5173/page", "nothing after the port"), ("http://me@localhost:5173", "has no user name"),
        ("HTTPS://APP.example.com:443/", "lower case; an origin has nothing after the port; browsers leave out the default port"),
        ("https://127.0.0.1:5173", "the scheme differs; the host differs"), ("https://app.exmaple.com", "differs by a letter"),
        ("https://ap.example.com", "differs by a letter"), ("https://a.app.example.com", "need a pattern, *.app.example.com"),
        ("https://example.org", "matches subdomains of example.org, not example.org itself"), ("https://evilexample.org", "whole labels only"),
        ("http://a.example.org", "the list has https://*.example.org, but this origin is http://a.example.org: the scheme differs"),
        ("https://a.example.org:8443", "the port differs"), ("https://a_b.example.org", "letters, digits and dashes only"),
        ("https://xn--pp-6kc.example.com", "xn--pp-6kc.example.com looks like app.example.com but has other letters (U+0430 CYRILLIC SMALL LETTER A)"),
        ("https://аpp.example.com", "browsers write this host xn--pp-6kc.example.com"), ("https://app.examp1e.com", "has other letters"),
        ("https://a.xn--exmple-4nf.org", "looks like example.org"), ("file://", "opened from a file"), ("file:///tmp/x.html", "opened from a file"),
        ("null", "sandbox"), ("", "empty"), ("capacitor://localhost", "if this is your app, add capacitor://localhost to CROSSTALK_ALLOWED_ORIGINS"), ("data:text/html,x", "the scheme data does not identify a page"),
        ("wss://app.example.com:8443", "this origin is https://app.example.com:8443: the port differs"),
        ("http://localhost:5173, http://localhost:5173", "has several"), ("nonsense", "is not an origin"),
        ("http://localhost:5173\r\n", "\\r\\n"), ("http://\x1b[31mlocalhost", "\\x1b"), ("http://\u202elocalhost", "\\u202e"),
    ],
)  # fmt: skip
def test_a_near_miss_is_named(origin: str, says: str) -> None:
    assert says in str(LIST.decide(origin).hint)


@pytest.mark.parametrize(
    ("entry", "write"),
    [
        ("https://app.example.com/", "write https://app.example.com"), ("https://app.example.com/chat", "write https://app.example.com"),
        ("app.example.com", "write https://app.example.com"), ("https://App.Example.com", "write https://app.example.com"),
        ("https://app.example.com:443", "write https://app.example.com"), ("http://localhost:80", "write http://localhost"),
        ("https://app.example.com:0", "write https://app.example.com"), ("http://localhost:70000", "write http"),
        ("ftp://app.example.com", "write https://"), ("https://", "write https://"), ("https://a.*.com", "write https://"),
        ("*.example.com", "write https://"), ("https://*", "write https://"), ("*", "write the page's origin"), ("null", "write https://"),
        ("https://bücher.example", "write https://xn--bcher-kva.example"), ("https://Straße.example:8443", "write https://xn--strae-oqa.example:8443"),
        ("https://*.bücher.example", "write https://*.xn--bcher-kva.example"), ("https://app.example.com.", "write https://app.example.com"),
        ("http://127.1:3000", "write https://"), ("http://0x7f000001", "write https://"), ("http://256.1.1.1", "write https://"),
        ("http://[::ffff:127.0.0.1]:3000", "write http://[::ffff:7f00:1]:3000"), ("http://[0:0::1]:3000", "write http://[::1]:3000"), ("http://[::1", "write https://"),
        ("http://localhost:05173", "write http://localhost:5173"), ("https://a..b", "write https://"), ("https://*.127.0.0.1", "write https://"),
        ("https://*.*.example.com", "write https://"), ("https://**.example.com", "write https://"), ("https://*.example.com:443", "write https://*.example.com"),
        ("localhost:3000", "write http://localhost:3000"), ("LOCALHOST", "write http://localhost"), ("127.0.0.1:3000", "write http://127.0.0.1:3000"),
        ("192.168.0.7:3000", "write http://192.168.0.7:3000"), ("app.localhost:3000", "write http://app.localhost:3000"), ("[::1]:3000", "write http://[::1]:3000"),
        ("app.example.com:3000", "write https://app.example.com:3000"), ("http://a.example http://b.example", "separate several with commas"),
        ("null", "sandboxed"), ("NULL", "write https://app.example.com"), ("file://", "file names no page of its own"), ("file://localhost", "write https://"),
        ("data:text/html,x", "names no page"), ("data://x", "names no page"), ("blob:http://localhost:5173/1", "names no page"), ("about:blank", "names no page"),
        ("about://blank", "names no page"), ("javascript:alert(1)", "names no page"), ("javascript://localhost", "names no page"), ("filesystem://x", "names no page"),
        ("wss://chat.example.com", "write https://chat.example.com"), ("ws://localhost:5002", "write http://localhost:5002"),
        ("capacitor://*", "patterns are for http and https only"), ("chrome-extension://*.abc", "patterns are for http and https only"), ("*://localhost", "write https://"),
        ("capacitor://", "write https://"), ("capacitor:localhost", "write https://"), ("capacitor://localhost/", "write https://"), ("Capacitor://localhost", "write https://"),
        ("capacitor://user@localhost", "write https://"), ("app://x?y", "write https://"), ("app://a b", "write https://"), ("htps://app.example.com", "write https://"),
        ("httpss://app.example.com", "write https://"), ("app://desktop:0", "write app://desktop"), ("app://desktop:080", "write app://desktop:80"), ("app://desktop:70000", "write app://desktop"),
        ("https://user@app.example.com", "write https://app.example.com"), ("https://*.example.com/", "write https://"), ("https://a b", "write https://"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("production", [True, False])
def test_what_cannot_be_an_origin_is_refused_with_what_to_write(entry: str, write: str, production: bool) -> None:
    with pytest.raises(OriginListError) as refused:
        OriginList.parse((entry,), own=("http://localhost:5002",), production=production)
    assert write in str(refused.value)
    assert "\n" not in str(refused.value)


DAY_MS = 86_400_000


def dated(*entries: str, day: str, past_ms: int = 0) -> OriginList:
    """The list on that day, so long after its midnight in UTC."""
    now = date.fromisoformat(day).toordinal() - date(1970, 1, 1).toordinal()
    return OriginList.parse(entries, own=("http://localhost:5002",), production=True, clock=lambda: now * DAY_MS + past_ms)


@pytest.mark.parametrize("entry", ["https://pr-42.example.app;until=2026-12-31", "https://*.example.app; until = 2026-12-31"])
def test_an_entry_counts_to_the_end_of_its_day(entry: str) -> None:
    origin = "https://pr-42.example.app"
    assert dated(entry, day="2026-11-22").decide(origin).allowed
    assert dated(entry, day="2026-12-31", past_ms=DAY_MS - 1).decide(origin).allowed
    after = dated(entry, day="2027-01-01")
    assert not after.decide(origin).allowed
    assert not after.accepts(origin)
    assert "until 2026-12-31: it expired on that day" in str(after.decide(origin).hint)
    assert [str(one.until) for one in after.expired()] == ["2026-12-31"]


def test_the_clock_is_read_at_each_request() -> None:
    now = 0
    origins = OriginList.parse(
        ("https://a.example;until=1970-01-01",), own=("http://localhost:5002",), production=True, clock=lambda: now
    )
    assert origins.decide("https://a.example").allowed
    assert origins.lets_a_page_in()
    now = DAY_MS
    assert not origins.decide("https://a.example").allowed
    assert not origins.lets_a_page_in()


def test_of_several_entries_for_one_origin_the_longest_counts() -> None:
    for entries in (
        ("https://a.example;until=2026-01-01", "https://a.example"),
        ("https://a.example", "https://a.example;until=2026-01-01"),
        ("https://a.example;until=2026-12-31", "https://a.example;until=2026-01-01"),
        ("https://a.example;until=2026-01-01", "https://a.example;until=2026-12-30"),
    ):
        assert dated(*entries, day="2026-12-30").decide("https://a.example").allowed
    assert dated("https://a.example;until=9999-12-31", day="9999-12-31").decide("https://a.example").allowed


def test_a_near_miss_of_an_expired_entry_says_both() -> None:
    hint = str(dated("https://a.example;until=2026-01-01", day="2026-06-01").decide("http://a.example").hint)
    assert "expired" in hint
    assert "the scheme differs" in hint


def test_what_is_expired_at_the_start_is_no_reason_to_refuse_the_start() -> None:
    assert not dated("https://a.example;until=2020-01-31", day="2026-01-01").lets_a_page_in()


@pytest.mark.parametrize(
    "parameters",
    [
        "until=2026-02-30", "until=31.12.2026", "until=2026-1-1", "until=20261231", "until=2026-W01-1", "until=", "until", "untill=2026-12-31",
        "Until=2026-12-31", "from=2026-12-31", "", "=", "until=2026-12-31;until=2027-12-31", "until=2026-12-31T10:00", "until=２０２６-12-31",
    ],
)  # fmt: skip
@pytest.mark.parametrize("origin", ["https://pr-42.example.app", "https://*.example.app:8443"])
def test_a_malformed_expiry_is_refused_with_what_to_write(origin: str, parameters: str) -> None:
    with pytest.raises(OriginListError) as refused:
        OriginList.parse((f"{origin};{parameters}",), own=("http://localhost:5002",), production=False)
    assert re.search(rf"write {re.escape(origin)};until=\d\d\d\d-\d\d-\d\d$", str(refused.value))
    assert OriginList.parse((str(refused.value).partition("write ")[2],), own=("http://localhost:5002",), production=True)


def test_a_whole_top_level_domain_is_refused_in_production_only() -> None:
    with pytest.raises(OriginListError, match="write https://"):
        OriginList.parse(("https://*.com",), own=("http://localhost:5002",), production=True)
    origins = OriginList.parse(("http://*.localhost:5173",), own=("http://localhost:5002",), production=False)
    assert origins.decide("http://a.localhost:5173").allowed


@pytest.mark.parametrize(
    "entry",
    [
        "http://my_service:3000",
        "http://192.168.0.7:3000",
        "http://[fe80::1]",
        "http://[::ffff:7f00:1]",
        "https://1.2.3.4.nip.example",
    ],
)
def test_hosts_that_are_no_domain_names_may_be_listed(entry: str) -> None:
    assert OriginList.parse((entry,), own=("http://localhost:5002",), production=True).decide(entry).allowed


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(OriginListError, match="write http"):
        OriginList.parse((), own=("http://localhost:5002",), production=False)


def test_the_apis_own_address_is_checked_like_the_others() -> None:
    with pytest.raises(OriginListError) as refused:
        OriginList.parse(("http://localhost:5173",), own=("http://localhost:5002/",), production=False)
    assert refused.value.entry_of == "public_url"


@pytest.mark.parametrize(
    "entry",
    [
        "capacitor://localhost", "ionic://localhost", "tauri://localhost", "app://desktop", "app://desktop:8080", "app://.",
        "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "moz-extension://0f8d1b7e-1d0c-4b8e-9f5a-2f1f0c1d2e3f",
        "safari-web-extension://0F8D1B7E-1D0C-4B8E-9F5A-2F1F0C1D2E3F", "vscode-webview://0abc1", "com.example.app://home",
    ],
)  # fmt: skip
def test_the_origin_of_an_app_is_an_exact_entry(entry: str) -> None:
    origins = OriginList.parse((entry, "http://localhost:5173"), own=("http://localhost:5002",), production=True)
    assert origins.decide(entry).allowed
    for other in (f"{entry}/", f"{entry}x", f"x{entry}", f"{entry}:1", entry.swapcase(), entry.replace("://", "://a."), "null"):
        assert not origins.decide(other).allowed


def test_the_last_day_of_an_apps_entry_counts_as_well() -> None:
    assert dated("capacitor://localhost;until=2026-12-31", day="2026-12-31").decide("capacitor://localhost").allowed
    assert not dated("capacitor://localhost;until=2026-12-31", day="2027-01-01").decide("capacitor://localhost").allowed


@pytest.mark.parametrize(
    ("host", "taken"),
    [
        ("127.0.0.1", {"http://127.0.0.1:5002", "http://localhost:5002"}),
        ("0.0.0.0", {"http://127.0.0.1:5002", "http://localhost:5002"}),
        ("::1", {"http://[::1]:5002", "http://localhost:5002"}),
        ("::", {"http://[::1]:5002", "http://127.0.0.1:5002", "http://localhost:5002"}),
        ("localhost", {"http://[::1]:5002", "http://127.0.0.1:5002", "http://localhost:5002"}),
        ("192.0.2.7", set()),
        ("api.example.com", set()),
    ],
)
def test_loopback_addresses_on_which_the_api_listens_are_its_own(host: str, taken: set[str]) -> None:
    origins = OriginList.parse(
        ("https://app.example.com",),
        own=("https://api.example.com",),
        loopback=loopback_origins(host, 5002),
        production=True,
    )
    asked = {
        f"{scheme}://{name}:5002" for scheme in ("http", "https") for name in ("127.0.0.1", "localhost", "[::1]", "0.0.0.0")
    }
    assert {origin for origin in asked if origins.decide(origin).allowed} == taken
    assert all(origins.decide(origin.replace("http", "ws")).allowed for origin in taken)
    assert not origins.decide("http://127.0.0.1:5003").allowed
    assert not origins.decide("http://127.0.0.1").allowed
    assert "127.0.0.1:5002" not in str(origins.decide("http://127.0.0.1:5003").hint), "a page rarely means them"


def test_on_port_80_browsers_leave_out_the_port() -> None:
    assert loopback_origins("127.0.0.1", 80) == {"http://127.0.0.1", "http://localhost"}
