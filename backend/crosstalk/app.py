"""The composition root: one place where core, features, REST and live connections are put together."""

import sqlite3
import threading
import time
from contextlib import closing
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import structlog
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import Flask
from flask_cors import CORS
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import DatabaseError

from crosstalk import contract, features, wirecheck
from crosstalk.core import db, failpoints, live, private_files
from crosstalk.core.database_lock import DatabaseLock, LockRefused
from crosstalk.core.installation import ensure_installation, load_installation
from crosstalk.core.jobs import Jobs
from crosstalk.core.keys import KeyFile, KeyFileError
from crosstalk.core.limits import Limits
from crosstalk.core.operations import JOBS, PeriodicJob, largest_body, packet_bytes
from crosstalk.core.private_files import NotPrivate
from crosstalk.core.quotas import ANSWERS_AT_ONCE, ASK_RATE, Quotas
from crosstalk.core.security_log import PERIOD_S, security_log
from crosstalk.features.accounts.authenticate import authenticate
from crosstalk.features.accounts.failed_sign_ins import failed_sign_ins
from crosstalk.features.accounts.failure_store import MemoryFailureStore
from crosstalk.features.accounts.live_session import LiveSession
from crosstalk.features.accounts.stored_bytes import load_stored_bytes, save_stored_bytes
from crosstalk.features.messages.lobby import ensure_lobby
from crosstalk.features.streams.answerer import answerer
from crosstalk.features.streams.completions import Model
from crosstalk.features.streams.lease import grant_leases_anew, set_lease_s
from crosstalk.features.streams.typist import typist
from crosstalk.http import errors as http_errors
from crosstalk.http.blueprint import rest_blueprint
from crosstalk.http.bodies import BodyBounds
from crosstalk.http.forwarded import ForwardedAddress
from crosstalk.http.gate import OriginGate
from crosstalk.http.hosts import HostNames
from crosstalk.http.metrics_page import metrics_page
from crosstalk.http.proxy_networks import parse_networks
from crosstalk.http.root import root
from crosstalk.logs import configure_logs
from crosstalk.realtime import metrics
from crosstalk.realtime.broadcast import Broadcast
from crosstalk.realtime.chat import Chat
from crosstalk.realtime.connections import Connections
from crosstalk.realtime.dispatch import Dispatch
from crosstalk.realtime.server import live_server
from crosstalk.realtime.user_bounds import UserBounds
from crosstalk.settings import Settings, SettingsError
from fastlane.bounds import request_bytes

# A server that stops waits so long for commands to be answered, so long for its clients to read that it does, and so long for
# those who poll to fetch the end of their session.
LAST_COMMANDS_S = 0.5
HEARING_S = 2.5
LAST_POLLS_S = 0.5
# The Python client handles each event in a thread of its own: it may answer a ping before it has seen what came before that,
# and say something in between.
LATE_S = 0.1
log = structlog.get_logger("app")


class Crosstalk:
    """The running parts of one process. `create_app` builds them; nothing runs before `start`."""

    def __init__(self, settings: Settings, app: Flask, async_mode: str) -> None:
        features.declare()
        self._settings = settings
        self._stopping = threading.Lock()
        self._stopped = False
        limits = Limits(on=settings.rate_limits)
        failed_sign_ins.use(MemoryFailureStore() if settings.rate_limits else None)
        self._quotas = _quotas(settings)
        session_events = LiveSession(
            packet_bytes=packet_bytes(),
            queue_bytes=settings.queue_bytes,
            connections=settings.user_connections,
            rate=limits.rates(),
            budget=limits.budget(),
            quotas=self._quotas,
        )
        self.socketio = live_server(
            app,
            on_unasked_refusal=metrics.dropped.inc,
            async_mode=async_mode,
            fastlane=settings.fastlane,
            cors_allowed_origins=settings.origins().accepts,
            cors_credentials=False,  # there are no cookies
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            queue_bytes=settings.queue_bytes,
            max_connections=settings.max_connections,
            network_connections=settings.network_connections,
            network_waiting=settings.network_waiting,
            floods_are_cut=settings.rate_limits,
        )
        server = self.socketio.server
        self.connections = Connections()
        self.broadcast = Broadcast(server.eio, self.connections, session_events, access_token_s=settings.access_token_s)
        self.dispatch = dispatch = Dispatch(limits)
        bounds = UserBounds(settings.user_connections, rated=settings.rate_limits)
        chat = Chat(server, self.connections, self.broadcast, dispatch, session_events, authenticate, bounds)
        server.register_namespace(chat)
        server.event_bytes[chat.namespace] = dispatch.most_bytes
        CORS(
            app,
            # The gate has decided about every origin that comes this far, and answers preflights itself.
            origins=r".*",
            always_send=False,
            expose_headers=["Retry-After"],
        )
        app.register_blueprint(rest_blueprint(limits, authenticate))
        app.register_blueprint(contract.pages(settings.public_url))
        self.body_bounds = BodyBounds(partial(request_bytes, server.eio))
        if settings.wirecheck:
            wirecheck.install(
                app,
                self.socketio,
                accepts=settings.origins().accepts,
                limits_on=settings.rate_limits,
                close_if_alone=server.close_if_unused,
            )
            server.open_namespaces |= set(wirecheck.NAMESPACES)
        app.add_url_rule("/", view_func=root)
        transport = CollectorRegistry()
        transport.register(metrics.TransportMetrics(server.eio))
        metrics_token = settings.metrics_token.get_secret_value()
        app.add_url_rule("/metrics", view_func=metrics_page(transport, token=metrics_token, public=not settings.is_production))
        live.plug_in(self.broadcast)
        expiry = PeriodicJob(0.5, self.broadcast.end_the_expired)
        self._jobs = Jobs([*JOBS, expiry, PeriodicJob(PERIOD_S, security_log.flush)])

    def start(self) -> None:
        """Opens the database and begins to work."""
        log.info("transport", path=self.socketio.server.eio.path, async_mode=self.socketio.async_mode)
        db.open_database(self._settings.database_url)
        usage = db.database().usage
        usage.quotas, usage.reserve = self._quotas, self._settings.disk_reserve
        usage.look_at_disk()
        load_stored_bytes()
        set_lease_s(self._settings.stream_lease_s)
        answerer.use(_model(self._settings), self._settings.ai_name)
        load_installation(KeyFile(self._settings.key_path), access_token_s=self._settings.access_token_s)
        db.database().announcer.start()
        grant_leases_anew()
        typist.start()
        answerer.start()
        self._jobs.start()
        failpoints.arm(self._settings.failpoints)

    def stop(self) -> None:
        """Tells every client to come back later, ends what is under way, and closes the database."""
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
        engine = self.socketio.server.eio
        engine.max_connections = 0  # who comes now is told so before anything else, and comes again
        self.dispatch.stop()
        until = time.monotonic() + LAST_COMMANDS_S
        engine.hear_out([], until)
        self.dispatch.settle(until)
        told = self.broadcast.tell_all_ended("server_stopping")
        until = time.monotonic() + HEARING_S
        engine.hear_out(told, until)  # what crossed the goodbye is answered as well
        self.dispatch.settle(until, LATE_S)
        engine.end_all("server_stopping")
        self._jobs.stop()
        security_log.flush(all_periods=True)
        typist.stop()
        answerer.stop()
        save_stored_bytes()
        db.close_database()
        engine.see_off(time.monotonic() + LAST_POLLS_S)


def _quotas(settings: Settings) -> Quotas:
    """What one person may keep here; without limits only how long guests stay."""
    if not settings.rate_limits:
        return Quotas(guest_away_hours=settings.guest_away_hours, guest_days=settings.guest_days)
    return Quotas(
        daily_bytes=settings.daily_bytes,
        guest_daily_bytes=settings.guest_daily_bytes,
        rooms=settings.rooms_per_person,
        guest_rooms=max(1, settings.rooms_per_person // 10),
        room_invites=settings.room_invites,
        open_streams=settings.open_streams,
        written_streams=settings.written_streams,
        answers=ANSWERS_AT_ONCE,
        ask_rate=ASK_RATE,
        all_written_streams=settings.all_written_streams,
        guest_away_hours=settings.guest_away_hours,
        guest_days=settings.guest_days,
    )


def _model(settings: Settings) -> Model | None:
    """The language model that answers, when there is one."""
    if not settings.ai_url:
        return None
    return Model(
        settings.ai_url,
        settings.ai_model,
        settings.ai_key.get_secret_value(),
        first_byte_s=settings.ai_first_byte_s,
        silence_s=settings.ai_silence_s,
        answer_s=settings.ai_answer_s,
        context_characters=settings.ai_context,
    )


def create_app(settings: Settings, *, async_mode: str = "threading") -> Flask:
    """The WSGI application. Its parts start with `app.extensions["crosstalk"].start()`, in the process that serves.

    `async_mode` is Flask-SocketIO's: threading, gevent, eventlet or gevent_uwsgi; launch/ finds it out.
    """
    configure_logs()
    app = Flask("crosstalk", static_folder=None)
    app.url_map.merge_slashes = False
    http_errors.install(app)
    app.extensions["crosstalk"] = Crosstalk(settings, app, async_mode)
    app.config["MAX_CONTENT_LENGTH"] = largest_body()
    hosts = HostNames(settings.public_url) if settings.is_production else None
    gate = OriginGate(app.wsgi_app, settings.origins(), hosts, names_list=not settings.is_production)
    app.wsgi_app = gate  # type: ignore[method-assign]
    app.extensions["crosstalk"].refusals = gate.refusals
    if async_mode == "gevent" and find_spec("geventwebsocket") is not None:
        from fastlane.stock.green import upgrade_only

        upgrade_only(settings.origins().accepts)
    forwarded = ForwardedAddress(app.wsgi_app, settings.trusted_proxies, parse_networks(settings.proxy_networks))
    app.wsgi_app = forwarded  # type: ignore[method-assign]
    return app


def _own(settings: Settings) -> DatabaseLock:
    """Makes this process the owner of the database's file, and the files private. The folder is made when it is missing."""
    path = settings.database_path.resolve()
    if settings.is_misplaced:
        raise SettingsError(
            f"there is no database {path}, and {Path.cwd()} is not the folder of an installation: go there, or set "
            f"CROSSTALK_DATABASE_URL=sqlite:///{path} to make one here"
        )
    try:
        private_files.make_folder(path.parent)
        lock = DatabaseLock.take(path)
    except (OSError, LockRefused) as refused:
        raise _unfit(settings, refused) from None
    try:
        _check_ours(path)
        names = [f"{path.name}{suffix}" for suffix in ("", "-wal", "-shm", "-journal", ".lock")]
        for name in names:
            private_files.tighten(path.with_name(name))
        private_files.tighten_folder(path.parent, {*names, settings.key_path.name, "log"})
    except (OSError, NotPrivate, sqlite3.Error) as refused:
        lock.release()
        raise _unfit(settings, refused) from None
    return lock


def _check_ours(path: Path) -> None:
    """Raises sqlite3.Error for a file that is no database, and for the database of another program, and changes no row of it."""
    if not path.exists():
        return
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if tables and "alembic_version" not in tables:
        raise sqlite3.DatabaseError("this is the database of another program")


def prepare_database(settings: Settings) -> DatabaseLock:
    """Brings the database to the newest schema, and puts into a new one what everybody needs: the lobby.

    Returns the lock, which makes this process the owner of the database. Raises DatabaseInUse when another process is and does
    not end soon, and SettingsError when the database or the key file cannot be used.
    """
    features.declare()
    if not structlog.is_configured():
        configure_logs()
    lock = _own(settings)
    try:
        _migrate(settings)
    except BaseException:
        lock.release()
        raise
    finally:
        db.close_database()
    return lock


def _migrate(settings: Settings) -> None:
    key_file = KeyFile(settings.key_path)
    try:
        database = db.open_database(settings.database_url)
        database.probe()
        with database.engine.connect() as connection:
            before = MigrationContext.configure(connection).get_current_revision()
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        command.upgrade(config, "head")
        ensure_installation(key_file)
        load_installation(key_file)
    except (OSError, DatabaseError, sqlite3.Error, CommandError) as refused:
        raise _unfit(settings, refused) from None
    except (KeyFileError, NotPrivate) as refused:
        raise SettingsError(f"CROSSTALK_KEY_FILE={str(settings.key_path)!r}: {refused}") from None
    ensure_lobby()
    db.erase()
    if before not in (None, ScriptDirectory.from_config(config).get_current_head()):
        database.rewrite()


def _unfit(settings: Settings, refused: Exception) -> SettingsError:
    reason = str(getattr(refused, "orig", refused)).rstrip(".")
    if isinstance(refused, CommandError):
        reason = "a newer version of Crosstalk has written this database; install that version"
    return SettingsError(
        f"CROSSTALK_DATABASE_URL={settings.database_url!r}: {reason}; write sqlite:///path/to/file.db in a folder of yours"
    )
