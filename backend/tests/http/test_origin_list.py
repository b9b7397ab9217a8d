"""The one decision about origins, without a server."""

import re

import pytest

from crosstalk.http.origins import OriginList, OriginListError

LIST = OriginList.parse(
    (
        "http://localhost:5173",
        "https://app.example.com",
        "https://*.example.org",
        "https://*.dev.example.net:8443",
        "http://[::1]:3000",
    ),
    own="http://localhost:5002",
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
def test_the_list_for_cors_headers_decides_the_same(origin: str) -> None:
    matched = any(re.match(pattern, origin) for pattern in LIST.as_regexes())
    assert matched is LIST.decide(origin).allowed
    assert LIST.accepts(origin) is LIST.decide(origin).allowed


@pytest.mark.parametrize(
    ("origin", "says"),
    [
        ("http://localhost:5174", "the port differs"), ("http://localhost", "the port differs"), ("https://localhost:5173", "the scheme differs"),
        ("http://localhost:5173/", "nothing after the port"), ("HTTP://LOCALHOST:5173", "lower case"), ("http://127.0.0.1:5173", "the host differs"),
        ("https://www.app.example.com", "the host differs"), ("http://app.example.com", "the scheme differs"), ("null", "file"),
        ("https://other.example", "CROSSTALK_ALLOWED_ORIGINS"), ("https://app.example.com/", "https://app.example.com"),
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
        ("https://user@app.example.com", "write https://app.example.com"), ("https://*.example.com/", "write https://"), ("https://a b", "write https://"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("production", [True, False])
def test_what_cannot_be_an_origin_is_refused_with_what_to_write(entry: str, write: str, production: bool) -> None:
    with pytest.raises(OriginListError) as refused:
        OriginList.parse((entry,), own="http://localhost:5002", production=production)
    assert write in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_empty_list_is_refused() -> None:
    with pytest.raises(OriginListError, match="write http"):
        OriginList.parse((), own="http://localhost:5002", production=False)


def test_the_apis_own_address_is_checked_like_the_others() -> None:
    with pytest.raises(OriginListError) as refused:
        OriginList.parse(("http://localhost:5173",), own="http://localhost:5002/", production=False)
    assert refused.value.entry_of == "public_url"
