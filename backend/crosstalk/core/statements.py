"""SQL that is asked a thousand times a second: compiled once, and run past the ORM.

A statement is written with SQLAlchemy, so that the columns have one definition and every database its own SQL; what runs is
the driver's cursor. Values go in and come out as the driver has them: dates, JSON and the like are the caller's to convert.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import Insert, Update
from sqlalchemy.sql.selectable import Select

Row = Sequence[Any]
Values = Mapping[str, Any]


class Statement:
    """`INSERT_MESSAGE = Statement(insert(MessageRow))`; then `cursor.run(INSERT_MESSAGE, id=…, …)`.

    What is not a `bindparam` stands in the SQL itself, as a `literal_column`.
    """

    def __init__(self, sql: Select[*tuple[Any, ...]] | Insert | Update) -> None:
        self._sql = sql
        self._compiled: dict[str, tuple[str, Callable[[Values], Sequence[Any]]]] = {}

    def on(self, dialect: Any) -> tuple[str, Callable[[Values], Sequence[Any]]]:
        """The SQL for a database, and what brings named values into its order."""
        return self._compiled.get(dialect.name) or self._compile(dialect)

    def _compile(self, dialect: Any) -> tuple[str, Callable[[Values], Sequence[Any]]]:
        compiled = self._sql.compile(dialect=dialect)
        made = str(compiled), _in_order(getattr(compiled, "positiontup", None) or [])
        self._compiled[dialect.name] = made
        return made


def _in_order(names: Sequence[str]) -> Callable[[Values], Sequence[Any]]:
    # Of one name an itemgetter gives the value itself.
    return itemgetter(*names) if len(names) > 1 else lambda values: [values[name] for name in names]


class Cursor:
    """The driver's cursor on a connection, kept for everything that is run there. What the ORM has not flushed it does not see."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._dialect: Any = connection.dialect
        self._driver_error: type[Exception] = self._dialect.loaded_dbapi.Error
        self._cursor: Any = connection.connection.cursor()

    def run(self, statement: Statement, **values: Any) -> Row | None:
        """The first row of what a statement answers, or None. Raises what SQLAlchemy would raise."""
        return next(iter(self.answer(statement, values)), None)

    def rows(self, statement: Statement, **values: Any) -> list[Row]:
        """The same, with all rows."""
        return self.answer(statement, values)

    def answer(self, statement: Statement, values: Values) -> list[Row]:
        text, in_order = statement.on(self._dialect)
        return self.execute(text, in_order(values))

    def execute(self, text: str, values: Sequence[Any] = ()) -> list[Row]:
        """Runs the driver's own SQL; the rows of what it answers."""
        cursor = self._cursor
        try:
            cursor.execute(text, values)
            rows: list[Row] = cursor.fetchall() if cursor.description is not None else []
        except self._driver_error as failed:
            raise DBAPIError.instance(text, list(values), failed, self._driver_error, hide_parameters=True) from failed
        return rows

    def close(self) -> None:
        self._cursor.close()
