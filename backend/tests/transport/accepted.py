"""What the stock path need not do. It has the bounds of the hardened stock path, and is otherwise what its libraries are."""

_FRAMES = "test_a_frame_is_taken_or_refused_by_the_rules"
_NO_CODE = "wsproto knows no size; simple-websocket ends the connection without a code, or with another"

_STOCK = {
    f"{_FRAMES}[a close with 1014]": "wsproto does not know 1014, which is younger than it",
    f"{_FRAMES}[a length of 2^40 declared]": _NO_CODE,
    f"{_FRAMES}[a text length of 2^40 declared]": _NO_CODE,
    f"{_FRAMES}[a length of 2^63 - 1 declared]": _NO_CODE,
    f"{_FRAMES}[one byte more than is allowed, declared]": _NO_CODE,
    f"{_FRAMES}[parts that are too much together, the last declared]": _NO_CODE,
    "test_a_poll_that_follows_the_end_of_an_upgrade_is_refused": "a thread reads the WebSocket, another answers the poll",
    "test_what_is_said_before_the_answer_is_not_lost_or_the_connection_is": "simple-websocket reads from its socket alone",
}

ACCEPTED: dict[str, dict[str, str]] = {"off": _STOCK}
"""Path → name of a test, with its case → why not there."""
