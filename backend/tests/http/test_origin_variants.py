"""Every way to say where a page comes from, at every surface: the same decision, and one answer that tells it."""

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from origin_variants import ALLOWED_ORIGINS, EVIL, PAGE, SURFACES, VARIANTS, Variant, ask, disagreement

from conftest import Serve
from crosstalk.http.origins import OriginList
from rest import ask as ask_rest
from server import Server

LIST = OriginList.parse(tuple(ALLOWED_ORIGINS.split(", ")), own=("http://localhost:5002",), production=True)


@pytest.fixture(scope="module")
def allowing(serve_module: Serve) -> Server:
    """A server with the list that the variants are about."""
    return serve_module(allowed_origins=ALLOWED_ORIGINS)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("variant", VARIANTS, ids=[variant.name for variant in VARIANTS])
def test_a_variant_is_decided_alike_at_every_surface(allowing: Server, variant: Variant, surface: str) -> None:
    assert disagreement(allowing.port, surface, variant) is None


def test_there_are_enough_variants_and_each_is_another() -> None:
    assert len(VARIANTS) >= 60
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    assert len({variant.lines for variant in VARIANTS}) == len(VARIANTS)
    assert sum(variant.allowed for variant in VARIANTS) >= 20


@pytest.mark.parametrize("proxies", ["1", "2"])
def test_what_a_trusted_proxy_says_changes_the_address_and_not_the_decision(serve: Serve, proxies: str) -> None:
    server = serve(allowed_origins=ALLOWED_ORIGINS, trusted_proxies=proxies)
    forged = [variant for variant in VARIANTS if "_with_" in variant.name]
    found = [disagreement(server.port, surface, variant) for variant in forged for surface in SURFACES]
    assert [one for one in found if one is not None] == []


def test_a_refused_handshake_leaves_no_session_behind(allowing: Server) -> None:
    refused = Variant("refused", (b"Origin: " + EVIL,), False)
    for surface in ("polling", "websocket", "upgrade"):
        seen = ask(allowing.port, surface, refused)
        assert seen.status == 403
        assert b"sid" not in seen.body
        assert "set-cookie" not in seen.headers


def test_what_stands_in_the_body_of_a_refused_request_is_no_second_request(allowing: Server) -> None:
    inner = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\nOrigin: " + PAGE + b"\r\n\r\n"
    length = f"Content-Length: {len(inner)}".encode()
    smuggled = Variant("smuggled", (b"Origin: " + EVIL, length, b"", inner), False)
    seen = ask(allowing.port, "rest", smuggled)
    assert seen.status == 403
    assert b"openapi" not in seen.body


# Every origin that any surface can be asked about: bytes that are a header's value.
VALUES = st.text(st.characters(codec="latin-1", exclude_characters="\0\r\n", exclude_categories=["Cc"]), max_size=40)
LABELS = st.text("abz019-._ABÄа/?#@:\\%;* ", max_size=12)
NEARLY = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "https://", "HTTP://", "//", ""]),
        LABELS,
        st.sampled_from(["localhost", "app.example.com", ".example.org", "example.org", ".dev.example.net", "[::1]"]),
        st.sampled_from(["", ":5173", ":8443", ":3000", ":443", "/", ".", "\n"]),
    ),
)


@given(NEARLY | st.text(max_size=60))
@example("https://a.example.org")
@example("https://evil.example\n.example.org")
def test_a_pattern_takes_whole_labels_and_nothing_else(origin: str) -> None:
    verdict = LIST.decide(origin)
    assert bool(verdict.hint) is not verdict.allowed
    if not verdict.allowed or origin in LIST.exact:
        return
    assert origin.isascii()
    scheme, _, host = origin.partition("://")
    domain = "dev.example.net:8443" if host.endswith(":8443") else "example.org"
    assert scheme == "https"
    *labels, rest = host.removesuffix(domain).split(".")
    assert rest == "", "what stands before the domain ends with a dot"
    assert labels
    assert all(label and set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for label in labels)


@given(NEARLY | st.text(max_size=60))
@example("xn--" + "9" * 50)
@example("https://xn--0ca7a9\udc80.example")
@example("http://" + "[" * 30)
def test_a_hint_is_one_line_that_can_be_printed_whatever_was_sent(origin: str) -> None:
    hint = LIST.decide(origin).hint or ""
    assert hint.isprintable()
    assert len(hint) < 1_000
    hint.encode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(NEARLY.filter(lambda text: "\n" not in text), VALUES))
def test_all_surfaces_agree_with_the_one_decision(allowing: Server, origin: str) -> None:
    sent = origin.encode()
    decided = LIST.decide(sent.decode().strip(" \t"))
    variant = Variant("any", (b"Origin: " + sent,), decided.allowed)
    assert [one for surface in SURFACES if (one := disagreement(allowing.port, surface, variant)) is not None] == []


@pytest.mark.parametrize("variant", VARIANTS[:100:9], ids=[variant.name for variant in VARIANTS[:100:9]])
def test_the_origin_check_says_what_the_doors_do(allowing: Server, variant: Variant) -> None:
    for door in ("rest", "polling"):
        seen = ask(allowing.port, door, variant)
        check = ask_rest(allowing.port, "GET", "/origin-check", headers=[("Origin", variant.lines[0].decode()[8:])])
        assert check.body["allowed"] is seen.allowed
        if not seen.allowed:
            assert json.loads(seen.body)["detail"] == check.body["hint"]
