"""Alembic's environment: the tables of all features, the database that is open in this process."""

from alembic import context

from crosstalk.core import db

engine = db.database().engine.execution_options(writes=True)
with engine.connect() as connection:
    # Batches: SQLite changes a table by making it anew.
    context.configure(connection=connection, target_metadata=db.Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
