"""The `crosstalk` command. Each part is imported when it is asked for, so that `crosstalk --help` is quick."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crosstalk import __version__

if TYPE_CHECKING:
    from crosstalk.core.keys import KeyFile, Keys
    from crosstalk.settings import Settings

_BAD_SETTING = 2


@contextmanager
def _settings(*, quiet: bool = False) -> "Iterator[Settings]":
    """The settings; what is wrong with them, with a port or with the database, is one line and no traceback."""
    from crosstalk.core.database_lock import DatabaseInUse
    from crosstalk.launch.async_mode import ModeError
    from crosstalk.launch.ports import PortError
    from crosstalk.launch.processes import DATABASE_IN_USE
    from crosstalk.settings import SettingsError, load_settings, notices

    try:
        settings = load_settings()
        for line in [] if quiet else notices(settings):
            click.echo(f"crosstalk: {line}", err=True)
        yield settings
    except (SettingsError, ModeError) as refused:
        click.echo(f"crosstalk: {refused}", err=True)
        sys.exit(_BAD_SETTING)
    except PortError as refused:
        click.echo(f"crosstalk: {refused}", err=True)
        sys.exit(1)
    except DatabaseInUse as refused:
        click.echo(f"crosstalk: {refused}", err=True)
        sys.exit(DATABASE_IN_USE)


@click.group()
@click.version_option(__version__)
def main() -> None:
    """Crosstalk: chat and live events for a page on another origin."""
    # Until a command says what Ctrl-C means, it simply ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@main.command()
def run() -> None:
    """Start the API and the built page, restart them when they end, and stop both on Ctrl-C."""
    with _settings() as settings:
        from crosstalk.launch.supervisor import supervise

        sys.exit(supervise(settings))


@main.command()
@click.option("--quiet", is_flag=True, help="Do not print where the API answers and which pages may use it.")
@click.option(
    "--built-in", is_flag=True, help="Use the server of the async mode instead of gunicorn; with threads for development only."
)
def serve(quiet: bool, built_in: bool) -> None:
    """Run the API alone, in the foreground, until Ctrl-C or a signal."""
    with _settings(quiet=quiet) as settings:
        from crosstalk.launch.serve import serve

        serve(settings, quiet=quiet, built_in=built_in)


@main.command()
def migrate() -> None:
    """Bring the database to this version; make it when there is none. Refused while an API uses it."""
    with _settings() as settings:
        from crosstalk.app import prepare_database
        from crosstalk.logs import configure_logs

        configure_logs(sys.stderr)
        was_there = settings.database_path.exists()
        prepare_database(settings).release()
        path = settings.database_path.resolve()
        click.echo(f"{path} is ready." if was_there else f"Made the database {path}.")


@main.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if the files are out of date.")
def contract(check: bool) -> None:
    """Write the contract files: OpenAPI, AsyncAPI and the error table."""
    from crosstalk.contract import write

    write(check=check)


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(yes: bool) -> None:
    """Delete the database with every account, room and message. The next start makes a new one.

    Refused while an API uses the database.
    """
    with _settings() as settings:
        from crosstalk.core.database_lock import LockRefused
        from crosstalk.launch.reset import reset

        def may_delete(path: Path) -> bool:
            return yes or click.confirm(f"Delete {path} with every account, room and message?")

        try:
            deleted = reset(settings, may_delete)
        except (OSError, LockRefused) as refused:
            click.echo(f"crosstalk: {settings.database_path} cannot be deleted: {refused}", err=True)
            sys.exit(1)
        if not deleted:
            found = "stays" if settings.database_path.exists() else "does not exist"
            click.echo(f"crosstalk: {settings.database_path.resolve()} {found}; nothing was deleted", err=True)
            sys.exit(1)
        click.echo(f"Deleted {settings.database_path.resolve()}.")


@main.command()
def new_epoch() -> None:
    """Make clients reload their rooms after a restored backup.

    Run it after you have restored an older copy of the database and before you start the API. Refused while an API uses the
    database.
    """
    with _settings() as settings:
        from crosstalk.app import prepare_database
        from crosstalk.core import db, installation
        from crosstalk.logs import configure_logs

        if not settings.database_path.exists():
            click.echo(
                f"crosstalk: there is no database {settings.database_path.resolve()}; name one with CROSSTALK_DATABASE_URL",
                err=True,
            )
            sys.exit(1)
        configure_logs(sys.stderr)
        with prepare_database(settings):
            db.open_database(settings.database_url)
            try:
                click.echo(f"The new epoch is {installation.new_epoch()}.")
            finally:
                db.close_database()


@main.group()
def signing_key() -> None:
    """List and rotate the keys that sign access tokens, in the file CROSSTALK_KEY_FILE."""


@signing_key.command(name="list")
def list_signing_keys() -> None:
    """Print the id and the age of each key, the one that signs first. The keys themselves are not printed."""
    with _keys() as (_, keys):
        for number, key in enumerate(keys.signing):
            click.echo(f"{key.kid}  {key.created_at}  {'verifies' if number else 'signs'}")


@signing_key.command()
@click.option("--revoke", is_flag=True, help="Refuse tokens of earlier keys at once; clients refresh theirs.")
def rotate(revoke: bool) -> None:
    """Make a new key for signing. A running API uses it within two seconds; earlier keys still verify."""
    with _keys() as (key_file, keys):
        keys = keys.rotated(revoke=revoke)
        key_file.save(keys)
        click.echo(f"New tokens are signed with {keys.signing[0].kid}; keys that verify: {len(keys.signing)}.")


@contextmanager
def _keys() -> "Iterator[tuple[KeyFile, Keys]]":
    """The key file and what it holds, while no other command changes it."""
    with _settings() as settings:
        from crosstalk.core.keys import KeyFile, KeyFileError
        from crosstalk.core.private_files import NotPrivate
        from crosstalk.logs import configure_logs

        configure_logs(sys.stderr)
        key_file = KeyFile(settings.key_path)
        try:
            if not key_file.path.exists():
                raise KeyFileError(f"{key_file.path} does not exist; run `crosstalk migrate` to create it")
            with key_file.changing():
                keys = key_file.load()
                assert keys is not None, "it exists"
                yield key_file, keys
        except (KeyFileError, NotPrivate) as refused:
            click.echo(f"crosstalk: {refused}", err=True)
            sys.exit(1)


@main.command()
@click.argument("url")
@click.option(
    "--origin", required=True, help="Origin of your page, as the browser sends it, for example http://localhost:5173."
)
@click.option("--transport", type=click.Choice(["polling", "upgrade", "websocket", "all"]), default="all", show_default=True)
@click.option(
    "--namespace",
    "namespaces",
    type=click.Choice(["/", "/test"]),
    multiple=True,
    help="Check this namespace only. Default: both.",
)
@click.option(
    "--check", "--row", "rows", metavar="NAME", multiple=True, help="Run only the checks that begin with NAME. Repeatable."
)
@click.option("--slow", is_flag=True, help="Include slow checks, which wait longer than the ping interval.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line.")
def wirecheck(
    url: str, origin: str, transport: str, namespaces: tuple[str, ...], rows: tuple[str, ...], slow: bool, as_json: bool
) -> None:
    """Test the connection to the API at URL as your page would use it, and explain what fails.

    The exit status is 0 when all checks passed, 1 when some failed, and 2 when the API has no wire check.
    """
    from crosstalk.wirecheck.client.check import UsageError, check

    # Here Ctrl-C has something to put in order: the terminal's cursor.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = check(url, origin=origin, transport=transport, namespaces=namespaces, names=rows, slow=slow, as_json=as_json)
    except UsageError as refused:
        raise click.UsageError(str(refused)) from None
    sys.exit(status)


@main.group()
def demo() -> None:
    """Write demo data into a room of a running API."""


@demo.command()
@click.option("--api", metavar="URL", help="Address of the API. Default: CROSSTALK_PUBLIC_URL.")
@click.option("--room", metavar="NAME|ID", default="lobby", show_default=True, help="Name or id of a public room.")
@click.option(
    "--symbols", default="plums,pears,medlars", show_default=True, help="Names of the prices: 1 to 6, separated by commas."
)
@click.option(
    "--pace",
    metavar="MS",
    type=click.IntRange(20, 60_000),
    default=500,
    show_default=True,
    help="Milliseconds between two items.",
)
@click.option("--count", type=click.IntRange(1), help="Finish after this many items instead of at Ctrl-C.")
def quotes(api: str | None, room: str, symbols: str, pace: int, count: int | None) -> None:
    """Write made-up prices into a room, which shows them as a live chart, until Ctrl-C.

    A guest opens a stream of JSON items and appends one at a time. After a restart of the API the series continues.
    """
    from crosstalk.demo.quotes import Failed, quote, symbols_of

    try:
        chosen = symbols_of(symbols)
    except ValueError as refused:
        raise click.BadParameter(str(refused), param_hint="--symbols") from None
    if api is not None and not api.startswith(("http://", "https://")):
        raise click.BadParameter(f"{api!r} is not an address. Use the form http://localhost:5002.", param_hint="--api")
    if api is None:
        with _settings() as settings:
            api = settings.api_url
    try:
        quote(api, room, symbols=chosen, pace_ms=pace, count=count)
    except Failed as failed:
        click.echo(f"crosstalk: {failed}", err=True)
        sys.exit(1)
