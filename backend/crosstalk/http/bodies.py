"""The size of a request's body: known before any of it is read."""

from collections.abc import Callable

from flask import Request
from prometheus_client import Counter
from werkzeug.exceptions import ClientDisconnected, LengthRequired, RequestEntityTooLarge

from crosstalk.core.errors import CrosstalkError, invalid
from crosstalk.core.operations import OPERATIONS, largest_body

refused = Counter("crosstalk_bodies_refused", "Requests whose body was longer than its operation takes")
_LIVE = "/socket.io/"


class BodyBounds:
    """The most bytes that the body of a request may have, by what is asked. For servers that gather a body before they ask the
    application; `polling` answers it for the query of a polling request."""

    def __init__(self, polling: Callable[[str], int]) -> None:
        self._polling = polling
        self._largest = largest_body()
        self._routes: dict[tuple[str, int], list[tuple[list[str], int]]] = {}
        for operation in OPERATIONS.values():
            for route in operation.routes:
                self.add(route.method, route.full_path, operation.body_bytes)

    def add(self, method: str, path: str, most_bytes: int) -> None:
        """`path` may have `{fields}`, each a whole segment."""
        parts = path.split("/")
        self._routes.setdefault((method, len(parts)), []).append((parts, most_bytes))

    def of(self, method: str, target: str) -> int:
        """For a path that has no route here: the most that any has."""
        path, _, query = target.partition("?")
        if path == _LIVE:
            return self._polling(query)
        parts = path.split("/")
        fitting = [
            most
            for wanted, most in self._routes.get((method, len(parts)), ())
            if all(one == given or one.startswith("{") for one, given in zip(wanted, parts, strict=True))
        ]
        return max(fitting, default=self._largest)


def check_length(request: Request, most_bytes: int) -> None:
    """Raises `too_large` for a request that says that its body is longer."""
    if (request.content_length or 0) > most_bytes:
        raise _too_large(most_bytes)


def read_body(request: Request, most_bytes: int) -> bytes:
    """The body. Raises `too_large`, 411 where the server cannot tell where a body without a length ends, and `invalid` for one
    that ends before its time."""
    check_length(request, most_bytes)
    if "Transfer-Encoding" in request.headers and not request.environ.get("wsgi.input_terminated"):
        raise LengthRequired("Send the body with a Content-Length.")
    request.max_content_length = most_bytes
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise _too_large(most_bytes) from None
    except ClientDisconnected:
        raise invalid(body="ends before its Content-Length") from None


def _too_large(most_bytes: int) -> CrosstalkError:
    refused.inc()
    return CrosstalkError(
        "too_large",
        f"body must have at most {most_bytes:,} bytes.",
        fields={"body": f"must have at most {most_bytes:,} bytes"},
    )
