"""What the stock path need not do. It has the bounds of the hardened stock path, and is otherwise what its libraries are."""

_FRAMES = "test_a_frame_is_taken_or_refused_by_the_rules"
_HANDSHAKE = "test_a_bad_handshake_is_no_websocket"
_NAMESPACE = "test_a_namespace_that_is_not_there_is_refused_by_name"
_PACKET = "test_what_is_no_packet_of_the_protocol_costs_the_connection"
_NO_CODE = "wsproto knows no size; simple-websocket ends the connection without a code, or with another"
_500 = "simple-websocket answers with 500 what it cannot open"
_KEY = "wsproto does not look at the key"
_TRANSPORT = "python-engineio takes polling for granted"

_STOCK = {
    f"{_FRAMES}[a close with 1014]": "wsproto does not know 1014, which is younger than it",
    f"{_FRAMES}[a length of 2^40 declared]": _NO_CODE,
    f"{_FRAMES}[a text length of 2^40 declared]": _NO_CODE,
    f"{_FRAMES}[a length of 2^63 - 1 declared]": _NO_CODE,
    f"{_FRAMES}[one byte more than is allowed, declared]": _NO_CODE,
    f"{_FRAMES}[parts that are too much together, the last declared]": _NO_CODE,
    f"{_HANDSHAKE}[version 8]": _500,
    f"{_HANDSHAKE}[version 0]": _500,
    f"{_HANDSHAKE}[version 14]": _500,
    f"{_HANDSHAKE}[no version]": _500,
    f"{_HANDSHAKE}[a version that is no number]": _500,
    f"{_HANDSHAKE}[no key]": _500,
    f"{_HANDSHAKE}[no connection]": _500,
    f"{_HANDSHAKE}[another connection]": _500,
    f"{_HANDSHAKE}[an empty key]": _KEY,
    f"{_HANDSHAKE}[a key that is no base64]": _KEY,
    f"{_HANDSHAKE}[a short key]": _KEY,
    f"{_HANDSHAKE}[a long key]": _KEY,
    "test_noise_for_a_handshake_is_refused_or_opened": _500,
    "test_two_keys_are_no_key": _KEY,
    "test_another_protocol_or_transport_is_refused[EIO=4]": _TRANSPORT,
    "test_a_handshake_that_is_none_is_refused[EIO=4]": _TRANSPORT,
    "test_a_handshake_that_is_none_is_refused[EIO=4&transport=]": _TRANSPORT,
    "test_a_body_that_is_no_payload_ends_the_session[nothing]": "python-engineio takes an empty payload for no packets",
    "test_what_is_said_before_the_answer_is_not_lost_or_the_connection_is": "simple-websocket reads from its socket alone",
    "test_a_close_ends_the_session_and_the_poll_that_waits": "python-engineio lets the poll go with an empty answer",
    "test_a_websocket_that_does_not_probe_is_closed_and_the_session_polls_on[]": "to python-engineio an empty frame is the end",
    **{
        f"{_NAMESPACE}[{over}-{namespace}]": "python-socketio says in other words that there is none"
        for over in ("websocket", "polling")
        for namespace in ("/nowhere", "/chat2", "/tes", "/test/", "/TEST", "/*", "/__proto__")
    },
    **{
        f"{_PACKET}[{over}-{packet}]": "python-socketio reads past what it has no use for"
        for over in ("websocket", "polling")
        for packet in ("40null", "400-{}")
    },
    "test_what_breaks_the_grammar_costs_the_connection[a placeholder below zero]": "python-socketio counts from the end",
}

ACCEPTED: dict[str, dict[str, str]] = {"off": _STOCK}
"""Path → name of a test, with its case → why not there."""
