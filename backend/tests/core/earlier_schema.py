"""A database as an earlier version left it, for tests of the migrations after it."""

from pathlib import Path

from alembic import command
from alembic.config import Config

import crosstalk
from crosstalk import features
from crosstalk.core import db
from crosstalk.settings import Settings


def installation_at(revision: str, folder: Path) -> Settings:
    """The settings of a new database, closed, whose schema is that of `revision`."""
    features.declare()
    settings = Settings(database_url=f"sqlite:///{folder / 'crosstalk.db'}")
    db.open_database(settings.database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(crosstalk.__file__).parent / "migrations"))
    command.upgrade(config, revision)
    db.close_database()
    return settings
