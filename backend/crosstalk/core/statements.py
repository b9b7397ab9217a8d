"""SQL that is asked a thousand times a second: compiled once, and run past the ORM.

A statement is written with SQLAlchemy, so that the columns have one definition and every database its own SQL; what runs is
the driver's cursor. Values go in and come out as the driver has them: dates, JSON and the like are the caller's to convert.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.selectable import Select

Row = Sequence[Any]


class Statement:
    """`INSERT_MESSAGE = Statement(insert(MessageRow))`; then `INSERT_MESSAGE.run(connection, id=…, …)`."""

    def __init__(self, sql: Select[*tuple[Any, ...]] | Insert | Update) -> None:
        self._sql = sql
        self._compiled: dict[str, tuple[str, tuple[str, ...]]] = {}

    def run(self, connection: Connection, **values: Any) -> Row | None:
        """Runs it; the first row of what it answers, or None. Raises what SQLAlchemy would raise."""
        return next(iter(self.rows(connection, **values)), None)

    def rows(self, connection: Connection, **values: Any) -> list[Row]:
        """The same, with all rows."""
        text, names = self._compiled.get(connection.dialect.name) or self._compile(connection)
        return execute(connection, text, [values[name] for name in names])

    def _compile(self, connection: Connection) -> tuple[str, tuple[str, ...]]:
        compiled = self._sql.compile(dialect=connection.dialect)
        made = str(compiled), tuple(getattr(compiled, "positiontup", None) or ())
        self._compiled[connection.dialect.name] = made
        return made


def execute(connection: Connection, text: str, values: Sequence[Any] = ()) -> list[Row]:
    """Runs the driver's own SQL; the rows of what it answers."""
    driver: Any = connection.connection.driver_connection
    dialect: Any = connection.dialect
    cursor = driver.cursor()
    try:
        cursor.execute(text, values)
        rows: list[Row] = cursor.fetchall() if cursor.description is not None else []
    except dialect.dbapi.Error as failed:
        raise DBAPIError.instance(text, list(values), failed, dialect.dbapi.Error) from failed
    finally:
        cursor.close()
    return rows
