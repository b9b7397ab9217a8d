"""gunicorn's worker with threads, which waits for a peer to hang up where nobody else waits with it."""

from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]
    def handle(self, conn: Any) -> Any:
        """Answers a request; when the connection is over, closes it here.

        The stock worker does so in the thread that lets others in, and waits up to two seconds for a peer that does not hang
        up: a handful of such peers, and nobody gets in any more.
        """
        keep = super().handle(conn)
        if not keep:
            util.close_graceful(conn.sock)
            conn.close = lambda graceful=False: None
        return keep
