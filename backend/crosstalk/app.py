"""The composition root: one place where core, features, REST and live connections are put together."""

import threading
import time
from importlib.util import find_spec
from pathlib import Path

import structlog
from alembic import command
from alembic.config import Config
from flask import Flask, Response
from flask_cors import CORS
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

from crosstalk import contract, features, wirecheck
from crosstalk.core import db, failpoints, live
from crosstalk.core.installation import ensure_installation, load_installation
from crosstalk.core.jobs import Jobs
from crosstalk.core.limits import Limits
from crosstalk.core.operations import JOBS, PeriodicJob
from crosstalk.core.schema import PACKET_LIMIT, REQUEST_LIMIT
from crosstalk.features.accounts.authenticate import authenticate
from crosstalk.features.accounts.live_session import LiveSession
from crosstalk.features.messages.lobby import ensure_lobby
from crosstalk.features.streams.answerer import answerer
from crosstalk.features.streams.completions import Model
from crosstalk.features.streams.lease import grant_leases_anew, set_lease_s
from crosstalk.features.streams.typist import typist
from crosstalk.http import errors as http_errors
from crosstalk.http.blueprint import rest_blueprint
from crosstalk.http.gate import OriginGate
from crosstalk.logs import configure_logs
from crosstalk.realtime import metrics
from crosstalk.realtime.broadcast import Broadcast
from crosstalk.realtime.chat import Chat
from crosstalk.realtime.connections import Connections
from crosstalk.realtime.dispatch import Dispatch
from crosstalk.realtime.server import live_server
from crosstalk.settings import Settings, SettingsError

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
        session_events = LiveSession(packet_bytes=PACKET_LIMIT, queue_bytes=settings.queue_bytes, rate=limits.rates())
        self.socketio = live_server(
            app,
            on_unasked_refusal=metrics.dropped.inc,
            async_mode=async_mode,
            fastlane=settings.fastlane,
            cors_allowed_origins=settings.origins().accepts,
            ping_interval=settings.ping_interval,
            ping_timeout=settings.ping_timeout,
            queue_bytes=settings.queue_bytes,
            max_connections=settings.max_connections,
            floods_are_cut=settings.rate_limits,
        )
        server = self.socketio.server
        self._transport = CollectorRegistry()
        self._transport.register(metrics.TransportMetrics(server.eio))
        self.connections = Connections()
        self.broadcast = Broadcast(server.eio, self.connections, session_events)
        self.dispatch = dispatch = Dispatch(limits)
        chat = Chat(server, self.connections, self.broadcast, dispatch, session_events, authenticate)
        server.register_namespace(chat)
        CORS(
            app,
            # Whatever comes this far: the gate has decided, for every door alike.
            origins=r".*",
            always_send=False,
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Retry-After"],
            max_age=600,
        )
        app.register_blueprint(rest_blueprint(limits, authenticate))
        app.register_blueprint(contract.pages())
        if settings.wirecheck:
            wirecheck.install(
                app,
                self.socketio,
                accepts=settings.origins().accepts,
                limits_on=settings.rate_limits,
                after_connect=server.after_connect,
                close_if_alone=server.close_if_unused,
            )
        app.add_url_rule("/metrics", view_func=self._metrics)
        live.plug_in(self.broadcast)
        self._jobs = Jobs([*JOBS, PeriodicJob(0.5, self.broadcast.end_the_expired)])

    def start(self) -> None:
        """Opens the database and begins to work."""
        log.info("transport", path=self.socketio.server.eio.path, async_mode=self.socketio.async_mode)
        db.open_database(self._settings.database_url)
        set_lease_s(self._settings.stream_lease_s)
        answerer.use(_model(self._settings), self._settings.ai_name)
        load_installation()
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
        typist.stop()
        answerer.stop()
        db.close_database()
        engine.see_off(time.monotonic() + LAST_POLLS_S)

    def _metrics(self) -> Response:
        return Response(generate_latest() + generate_latest(self._transport), content_type=CONTENT_TYPE_LATEST)


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
        context_characters=settings.ai_context,
    )


def create_app(settings: Settings, *, async_mode: str = "threading") -> Flask:
    """The WSGI application. Its parts start with `app.extensions["crosstalk"].start()`, in the process that serves.

    `async_mode` is Flask-SocketIO's: threading, gevent, eventlet or gevent_uwsgi; launch/ finds it out.
    """
    configure_logs()
    app = Flask("crosstalk", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_LIMIT
    app.url_map.merge_slashes = False
    http_errors.install(app)
    app.extensions["crosstalk"] = Crosstalk(settings, app, async_mode)
    gate = OriginGate(app.wsgi_app, settings.origins())
    app.wsgi_app = gate  # type: ignore[method-assign]
    app.extensions["crosstalk"].refusals = gate.refusals
    if async_mode == "gevent" and find_spec("geventwebsocket") is not None:
        from fastlane.stock.green import upgrade_only

        upgrade_only(settings.origins().accepts)
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies)  # type: ignore[method-assign]
    return app


def prepare_database(settings: Settings) -> None:
    """Brings the database to the newest schema, and puts into a new one what everybody needs: the lobby."""
    features.declare()
    try:
        db.open_database(settings.database_url).probe()
    except (OSError, OperationalError) as refused:
        reason = getattr(refused, "orig", refused)
        raise SettingsError(
            f"CROSSTALK_DATABASE_URL={settings.database_url!r}: {reason}; write sqlite:///path/to/file.db in a folder of yours"
        ) from None
    try:
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        command.upgrade(config, "head")
        ensure_installation()
        load_installation()
        ensure_lobby()
    finally:
        db.close_database()
