from crosstalk.core import db
from crosstalk.core.operations import every


@every(2.0)
def erase_deleted() -> None:
    """Removes the texts of deleted and edited messages from the database's files, once for all since the last time."""
    db.erase()
