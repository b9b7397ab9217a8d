"""Deleting many rows in short transactions, so that no other write waits long."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import InstrumentedAttribute

from crosstalk.core import db

BATCH = 200


def delete_where(key: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> int:
    """Deletes the rows that meet a condition, a batch at a time. Returns how many. `key` is the primary key of their table."""
    found = select(key).where(condition).limit(BATCH)
    deleted = 0
    while True:
        with db.reading() as session:
            keys = list(session.scalars(found))
        if not keys:
            return deleted
        with db.transaction() as tx:
            tx.session.execute(delete(key.class_).where(key.in_(keys)))
        deleted += len(keys)
