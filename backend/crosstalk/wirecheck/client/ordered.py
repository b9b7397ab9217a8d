"""The official Python client, with packets handled in the order in which they came, and no end of a connection overlooked.

The stock client starts a thread for each packet: events overtake one another. It also takes note of an end only once
`connect` has returned: what ends before that stays connected in its eyes for ever.

Handlers run in the thread that reads. They may emit, but not wait for an answer (`call`): nobody would read it.
"""

import threading
from typing import Any

import engineio
import socketio
import websocket

_GOODBYE_S = 2.0


class _PromptWebSocket(websocket.WebSocket):
    """Sends its close frame and hangs up: the stock one waits three seconds for an answer that the reader takes from it."""

    def close(self, status: int = websocket.STATUS_NORMAL, reason: str | bytes = b"", timeout: float | None = 0) -> None:
        super().close(status, reason, 0)


class OrderedEngine(engineio.Client):  # type: ignore[misc]
    """Handles each packet before it reads the next one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        # One at a time: a second one would empty the queue under the first one's feet.
        self._hanging_up = threading.Lock()

    def _trigger_event(self, event: str, *args: Any, **how: Any) -> Any:
        how["run_async"] = False
        return super()._trigger_event(event, *args, **how)

    def connect(self, *args: Any, **how: Any) -> Any:
        if self.state == "disconnected":
            self.queue = self.create_queue()  # what the last connection could not send, and its wish to end
        return super().connect(*args, **how)

    def disconnect(self, abort: bool = False, reason: str | None = None) -> None:
        """Says goodbye before hanging up. In the reader it only begins to: the end comes when the reader has returned."""
        if abort or self.read_loop_task is None:
            super().disconnect(True, reason)
            # The stock client has just forgotten to wake the writer, for which the reader waits.
            self.queue.put(None)
        elif threading.current_thread() is self.read_loop_task:
            threading.Thread(target=self.disconnect, kwargs={"reason": reason}, daemon=True).start()
        else:
            with self._hanging_up:
                if self.state == "connected":
                    with self.queue.all_tasks_done:
                        self.queue.all_tasks_done.wait_for(self._nothing_to_send, _GOODBYE_S)
                    super().disconnect(reason=reason)

    def _nothing_to_send(self) -> bool:
        return bool(self.queue.unfinished_tasks == 0)


class OrderedClient(socketio.Client):  # type: ignore[misc]
    """`ended` is set when the transport has gone, whoever ended it, and whether or not `connect` had returned.

    When the end comes while `connect` waits, `connect` may raise or return; `disconnect` handlers have been called either way
    for the namespaces that were connected.
    """

    def __init__(self, **options: Any) -> None:
        given = options.pop("websocket_extra_options", {})
        extra = {"class_": _PromptWebSocket, **given}
        super().__init__(**{"reconnection": False, "handle_sigint": False, "websocket_extra_options": extra, **options})
        self.ended = threading.Event()
        self._sending = threading.RLock()

    def connect(self, *args: Any, **how: Any) -> None:
        self.ended.clear()
        super().connect(*args, **how)
        # The stock client says so last, even when the end came before.
        if not self.namespaces:
            self.connected = False

    def _engineio_client_class(self) -> type[OrderedEngine]:
        return OrderedEngine

    def _send_packet(self, packet: Any) -> None:
        # Acks are sent by the reader: they must not come between a packet and its bytes.
        with self._sending:
            super()._send_packet(packet)

    def _handle_connect(self, namespace: str | None, data: Any) -> None:
        self.connected = True  # before `connect` returns, because the end of the namespace is ignored otherwise
        super()._handle_connect(namespace, data)

    def _handle_eio_disconnect(self, reason: str) -> None:
        super()._handle_eio_disconnect(reason)
        self.ended.set()
        # Whoever waits in `connect` need not wait any longer.
        self.failed_namespaces = list(self.connection_namespaces)
        if self._connect_event is not None:
            self._connect_event.set()
