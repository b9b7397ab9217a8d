from collections.abc import Callable, Iterator
from typing import Any

import pytest

from raw import RawSocket
from server import Server
from wirecheck.caller import NAMESPACES, Caller

Call = Callable[..., Caller]
Dial = Callable[[], RawSocket]


@pytest.fixture
def call(server: Server) -> Iterator[Call]:
    """Connects somebody to the shared server: `call(transports=["polling"])`."""
    callers: list[Caller] = []

    def connect(**how: Any) -> Caller:
        callers.append(Caller(server, **how))
        return callers[-1]

    yield connect
    for one in callers:
        one.close()


@pytest.fixture
def dial(server: Server) -> Iterator[Dial]:
    """Opens a WebSocket on which the test writes every frame itself."""
    lines: list[RawSocket] = []

    def open_one() -> RawSocket:
        lines.append(RawSocket(server).open())
        return lines[-1]

    yield open_one
    for one in lines:
        one.close()


@pytest.fixture(params=NAMESPACES)
def namespace(request: pytest.FixtureRequest) -> str:
    """Every row holds in both."""
    name: str = request.param
    return name


@pytest.fixture
def ann(call: Call) -> Caller:
    return call()


@pytest.fixture
def bob(call: Call) -> Caller:
    return call()


@pytest.fixture(params=["polling", "websocket", "upgrade"])
def transports(request: pytest.FixtureRequest) -> list[str]:
    return ["polling", "websocket"] if request.param == "upgrade" else [request.param]
