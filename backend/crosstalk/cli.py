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
@click.option(
    "--built-in", is_flag=True, help="On the server that comes with the async mode; with threads for development only."
)
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


@main.command()
@click.argument("url")
@click.option("--origin", required=True, help="The origin of your page, as the browser sends it: http://localhost:5173.")
@click.option("--transport", type=click.Choice(["polling", "upgrade", "websocket", "all"]), default="all", show_default=True)
@click.option("--namespace", "namespaces", type=click.Choice(["/", "/test"]), multiple=True, help="Both, unless one is named.")
@click.option("--row", "rows", metavar="NAME", multiple=True, help="Only this row, or those that begin so; again for more.")
@click.option("--slow", is_flag=True, help="Also what takes longer than the ping interval.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def wirecheck(
    url: str, origin: str, transport: str, namespaces: tuple[str, ...], rows: tuple[str, ...], slow: bool, as_json: bool
) -> None:
    """Play every primitive against the API at URL as your page would, and say what is wrong when one fails.

    Ends with 0 when all rows passed, with 1 when some failed, with 2 when there was no wire check to talk to.
    """
    from crosstalk.wirecheck.client.check import UsageError, check

    # Here Ctrl-C has something to put in order: the terminal's cursor.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = check(url, origin=origin, transport=transport, namespaces=namespaces, names=rows, slow=slow, as_json=as_json)
    except UsageError as refused:
        raise click.UsageError(str(refused)) from None
    sys.exit(status)
