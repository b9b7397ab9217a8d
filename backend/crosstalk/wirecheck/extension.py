"""The part of Flask-SocketIO that the wire check stands on, with types: the library itself has none."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

Handler = TypeVar("Handler", bound=Callable[..., Any])


class SocketIO(Protocol):
    """flask_socketio.SocketIO."""

    server: Any
    async_mode: str

    def on(self, message: str, namespace: str | None = None) -> Callable[[Handler], Handler]: ...

    def event(self, *, namespace: str) -> Callable[[Handler], Handler]: ...

    def on_event(self, message: str, handler: Callable[..., Any], namespace: str | None = None) -> None: ...

    def on_error(self, namespace: str | None = None) -> Callable[[Handler], Handler]: ...

    def on_namespace(self, namespace_handler: Any) -> None: ...

    def emit(self, event: str, *arguments: Any, namespace: str = "/", to: str | None = None) -> None: ...

    def send(self, data: Any, json: bool = False, namespace: str | None = None, to: str | None = None) -> None: ...

    def start_background_task(self, target: Callable[..., Any], *arguments: Any) -> Any: ...

    def sleep(self, seconds: float = 0) -> None: ...
