"""The `crosstalk` command. Each part is imported when it is asked for, so that `crosstalk --help` is quick."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from crosstalk.settings import Settings

_BAD_SETTING = 2


@contextmanager
def _settings() -> "Iterator[Settings]":
    """The settings; what is wrong with them, or with a port, is one line and no traceback."""
    from crosstalk.launch.async_mode import ModeError
    from crosstalk.launch.ports import PortError
    from crosstalk.settings import SettingsError, load_settings

    try:
        yield load_settings()
    except (SettingsError, ModeError) as refused:
        click.echo(f"crosstalk: {refused}", err=True)
        sys.exit(_BAD_SETTING)
    except PortError as refused:
        click.echo(f"crosstalk: {refused}", err=True)
        sys.exit(1)


@click.group()
@click.version_option(package_name="crosstalk")
def main() -> None:
    """Crosstalk: chat and live events for a page on another origin."""
    # Until a command says what Ctrl-C means, it simply ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@main.command()
def run() -> None:
    """The API and the built page, started again when they die, until Ctrl-C."""
    with _settings() as settings:
        from crosstalk.launch.supervisor import supervise

        sys.exit(supervise(settings))


@main.command()
@click.option("--quiet", is_flag=True, help="Leave out the line that says where the API answers.")
@click.option("--built-in", is_flag=True, help="On the server that comes with the async mode; with threads for development only.")
def serve(quiet: bool, built_in: bool) -> None:
    """The API alone, in the foreground."""
    with _settings() as settings:
        from crosstalk.launch.serve import serve

        serve(settings, quiet=quiet, built_in=built_in)


@main.command()
def migrate() -> None:
    """Bring the database to this version and put in what every installation has."""
    with _settings() as settings:
        from crosstalk.app import prepare_database

        prepare_database(settings)


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the committed files are stale.")
def contract(check: bool) -> None:
    """Write the contract (OpenAPI, AsyncAPI, error table) from the models that validate."""
    from crosstalk.contract import write

    write(check=check)


@main.command()
def new_epoch() -> None:
    """After an older copy of the database was restored, and before the API starts: clients load their rooms anew."""
    with _settings() as settings:
        from crosstalk.core import db, installation

        db.open_database(settings.database_url)
        try:
            click.echo(f"The epoch is now {installation.new_epoch()}.")
        finally:
            db.close_database()
