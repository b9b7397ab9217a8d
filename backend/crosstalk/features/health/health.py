from typing import Literal

from sqlalchemy import text

from crosstalk import __version__
from crosstalk.core import db
from crosstalk.core.actor import Caller
from crosstalk.core.errors import unavailable
from crosstalk.core.operations import refuses, route
from crosstalk.core.schema import Shape


class Health(Shape):
    status: Literal["ok"]
    version: str


@route("GET", "//healthz")
def is_alive(caller: Caller) -> Health:
    """Check liveness.

    Returns 200 as long as the process serves requests.
    """
    return Health(status="ok", version=__version__)


@route("GET", "//readyz")
@refuses("unavailable")
def is_ready(caller: Caller) -> Health:
    """Check readiness.

    Returns 200 when the process serves requests and can read its database, and 503 otherwise.
    """
    if db.database().is_gone:
        raise unavailable("The database file was deleted or replaced; the server must be started again.")
    with db.reading() as session:
        session.execute(text("SELECT 1 FROM installation"))
    return Health(status="ok", version=__version__)
