"""Every setting of Crosstalk: read from the environment, else from `.env`, else the default.

The names in the environment are these in upper case with the prefix `CROSSTALK_`; `.env.example` lists them all.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from crosstalk.core import failpoints
from crosstalk.core.names import clean_name
from crosstalk.core.network import parse_address
from crosstalk.env_file import ENCODING, ENV_FILE, EnvFileError, UnknownName, unknown_names
from crosstalk.http.origins import OriginList, OriginListError, loopback_origins
from crosstalk.http.proxy_networks import parse_networks

PREFIX = "CROSSTALK_"


# What the working folder of an installation has: a checkout, a built page, or settings.
_OF_INSTALLATIONS = ("backend/crosstalk", "frontend/dist", ".env")
_HOST_NAME = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
# The alphabet of RFC 6750, section 2.1.
_METRICS_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{16,200}")


class SettingsError(Exception):
    """A bad setting. Its text is one line: the name, the bad value, and what to write."""


def local_origin(port: object) -> str:
    """The origin of this machine at a port: what the API's and the page's are when nothing else is set."""
    return "http://localhost" if str(port).strip() == "80" else f"http://localhost:{port}"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=ENV_FILE, env_file_encoding=ENCODING, extra="ignore", frozen=True
    )

    env: Literal["development", "production"] = Field(
        "development", description="development, or production (stricter: no wildcard origins, rate limits always on)"
    )
    host: str = Field("127.0.0.1", min_length=1, description="address on which the API listens")
    port: int = Field(5002, ge=1, le=65535, description="port of the API")
    page_host: str = Field(
        "127.0.0.1",
        min_length=1,
        description="address on which `make run` serves the page; 0.0.0.0 for phones, containers and virtual machines: then the API "
        "listens there too, unless CROSSTALK_HOST is set",
    )
    page_port: int = Field(5173, ge=1, le=65535, description="port on which `make run` serves the page")
    public_url: Annotated[tuple[str, ...], NoDecode] = Field(
        ("http://localhost:5002",),
        description="the API's own origins, separated by commas: the first for browsers, then others that native clients "
        "use; follows CROSSTALK_PORT when not set",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        ("http://localhost:5173",),
        description="origins of the pages that may use the API, separated by commas; https://*.example.com matches every "
        "subdomain, ;until=2026-12-31 after an entry is its last day (UTC); `make run` adds its own page; "
        "follows CROSSTALK_PAGE_PORT when not set",
    )
    database_url: str = Field(
        "sqlite:///var/crosstalk.db",
        description="the database: a file, relative to the working folder or absolute (sqlite:////srv/crosstalk.db)",
    )
    key_file: str = Field(
        "",
        description="file with the keys that sign access tokens, apart from the database and its backups; beside the database when not set",
    )
    access_token_s: int = Field(
        900,
        ge=2,
        le=3600,
        description="seconds that an access token is valid; a few seconds in tests of a client that refreshes it",
    )
    rate_limits: bool = Field(True, description="on or off; off only in development")
    max_connections: int = Field(12_000, ge=1, le=1_000_000, description="live connections of this process")
    user_connections: int = Field(20, ge=1, le=1_000_000, description="live connections of one user")
    network_connections: int = Field(
        1_000,
        ge=1,
        le=1_000_000,
        description="live connections from one address (IPv6: one /64); loopback addresses are not counted",
    )
    network_waiting: int = Field(
        200, ge=1, le=1_000_000, description="connections from one address that have not signed in yet"
    )
    ping_interval: float = Field(10, gt=0, le=20, description="seconds between two pings of a live connection")
    ping_timeout: float = Field(
        8, gt=0, le=20, description="seconds a client has to answer a ping; with the interval at most 20"
    )
    queue_bytes: int = Field(
        1_048_576,
        ge=65_536,
        description="bytes that may wait for a slow client before it is disconnected; it reconnects and catches up",
    )
    trusted_proxies: int = Field(
        0,
        ge=0,
        le=10,
        description="number of proxies in front that add to X-Forwarded-For; 0: the header is not read",
    )
    proxy_networks: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.0/8", "::1/128"),
        description="networks of those proxies, separated by commas; X-Forwarded-For is accepted from these only (a Unix "
        "socket counts as 127.0.0.1)",
    )
    keepalive_s: int = Field(
        75,
        ge=1,
        le=3600,
        description="seconds that an idle HTTP connection stays open; longer than the proxy in front keeps it (nginx 60, "
        "Amazon's ALB 60, Heroku 90, Google Cloud 600)",
    )
    async_mode: Literal["auto", "eventlet", "gevent", "threading"] = Field(
        "auto", description="eventlet, gevent or threading; auto uses the first of them that is installed"
    )
    fastlane: bool = Field(
        True,
        description="on or off: one event loop for all WebSockets; off: the standard path of Flask-SocketIO, which "
        "eventlet and uWSGI always use",
    )
    one_cpu: bool = Field(
        True,
        description="on or off: keep the threads of the server on one CPU; they share Python's lock, and spread over "
        "several CPUs they cost twice as much",
    )
    wirecheck: bool = Field(
        True,
        description="on or off: the namespaces / and /test and /wirecheck, for testing clients and proxies; off in "
        "production when not set",
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="bearer token for /metrics; empty: open in development, not found in production",
    )
    stream_lease_s: float = Field(
        10, ge=0.5, le=3600, description="seconds without a sign of its producer after which a stream is interrupted"
    )

    daily_bytes: int = Field(64 * 1_048_576, ge=65_536, description="bytes that one account may store in a day (UTC)")
    guest_daily_bytes: int = Field(
        16 * 1_048_576, ge=65_536, description="the same for a guest; four times as much for all guests of one network together"
    )
    disk_reserve: int = Field(
        256 * 1_048_576,
        ge=0,
        description="free bytes of the disk below which only small messages are stored; at most 5 % of the disk",
    )
    rooms_per_person: int = Field(200, ge=1, description="rooms that one account may own; a guest may own a tenth of them")
    room_invites: int = Field(100, ge=5, description="open invites of one room; one member may have a fifth of them")
    open_streams: int = Field(20, ge=1, description="open streams that the clients of one user write")
    written_streams: int = Field(4, ge=1, description="open streams that the server writes for one user")
    all_written_streams: int = Field(50, ge=1, description="open streams that the server writes for all users")
    guest_away_hours: float = Field(
        12, ge=0, le=8_760, description="hours after which a guest who is away leaves public rooms; 0: never"
    )
    guest_days: int = Field(
        7,
        ge=0,
        description="days after which a guest who is away leaves all rooms; after as many more, one who never wrote is deleted; 0: never",
    )

    ai_url: str = Field(
        "",
        description="base URL of a server with OpenAI's Chat Completions API, such as https://api.openai.com/v1; empty: "
        "/ask is off",
    )
    ai_model: str = Field("", description="the model to ask; required with CROSSTALK_AI_URL")
    ai_key: SecretStr = Field(SecretStr(""), description="the API key for that server")
    ai_first_byte_s: float = Field(
        600, gt=0, le=3600, description="seconds to wait for the first byte of an answer: the server may have to load the model"
    )
    ai_silence_s: float = Field(120, gt=0, le=3600, description="seconds without a byte after which an answer is interrupted")
    ai_answer_s: float = Field(
        3600, gt=0, le=86_400, description="seconds after which an answer is interrupted, whatever arrives"
    )
    ai_context: int = Field(
        16_000, ge=1_000, le=1_000_000, description="characters of the conversation that are sent to the model with a question"
    )
    ai_name: str = Field("Assistant", min_length=1, max_length=40, description="the name of the assistant")

    failpoints: str = Field(
        "", description="for tests: where the server fails on purpose, such as commit:before=kill@20; refused in production"
    )

    @field_validator("allowed_origins", "proxy_networks", "public_url", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(entry.strip() for entry in value.split(",") if entry.strip())
        return value

    @field_validator("ai_name")
    @classmethod
    def _name(cls, value: str) -> str:
        return clean_name(value, 40)

    @field_validator("host", "page_host")
    @classmethod
    def _is_address(cls, value: str) -> str:
        is_ipv6 = value.count(":") > 1 and not value.startswith("[") and parse_address(value) is not None
        if not is_ipv6 and _HOST_NAME.fullmatch(value) is None:
            raise ValueError("must be an address or a name without scheme, port and brackets; write 127.0.0.1 or 0.0.0.0")
        return value

    @field_validator("fastlane", "one_cpu", "rate_limits", "wirecheck", mode="before")
    @classmethod
    def _on_or_off(cls, value: Any) -> Any:
        if isinstance(value, str):
            if value.strip().lower() not in ("on", "off"):
                raise ValueError("write on or off")
            return value.strip().lower() == "on"
        return value

    @model_validator(mode="before")
    @classmethod
    def _follow_the_others(cls, values: Any) -> Any:
        """Defaults that follow other settings, so that one change is enough."""
        values = {name: value for name, value in dict(values).items() if value != "" or name == "allowed_origins"}
        values.setdefault("public_url", local_origin(values.get("port", 5002)))
        values.setdefault("allowed_origins", local_origin(values.get("page_port", 5173)))
        values.setdefault("wirecheck", values.get("env") != "production")
        return values

    @model_validator(mode="after")
    def _fits_together(self) -> "Settings":
        if self.ping_interval + self.ping_timeout > 20:
            raise ValueError("ping_interval: with CROSSTALK_PING_TIMEOUT it must be at most 20 seconds; write 10 and 8")
        if self.env == "production" and not self.rate_limits:
            raise ValueError("rate_limits: off is refused in production; write on")
        if self.failpoints and self.env == "production":
            raise ValueError("failpoints: are for tests; leave it out in production")
        try:
            failpoints.read(self.failpoints)
        except ValueError as refused:
            raise ValueError(f"failpoints: {refused}") from None
        token = self.metrics_token.get_secret_value()
        if token and not _METRICS_TOKEN.fullmatch(token):
            raise ValueError(
                "metrics_token: must be 16 to 200 letters, digits and -._~+/=; write what `openssl rand -hex 24` prints"
            )
        if self.ai_url and not self.ai_url.startswith(("http://", "https://")):
            raise ValueError("ai_url: write its base URL, https://api.openai.com/v1")
        if self.ai_url and not self.ai_model:
            raise ValueError("ai_model: is needed with CROSSTALK_AI_URL; write the name of a model")
        key = self.ai_key.get_secret_value()
        if not (key.isascii() and key.isprintable() and " " not in key):
            raise ValueError("ai_key: has a character that no key has, a blank or a typographic dash; write it again by hand")
        if not self.database_url.startswith("sqlite:///"):
            raise ValueError("database_url: write sqlite:///path/to/file.db")
        path = self.database_url.removeprefix("sqlite:///")
        if not path or path.startswith((":", "file:")) or path.endswith("/") or "?" in path:
            raise ValueError("database_url: the database must be a file; write sqlite:///path/to/file.db")
        if not self.public_url:
            raise ValueError("public_url: is empty; write http://localhost:5002")
        try:
            parse_networks(self.proxy_networks)
        except ValueError as refused:
            raise ValueError(f"proxy_networks: {refused}") from None
        try:
            self.origins()
        except OriginListError as refused:
            raise ValueError(f"{refused.entry_of}: {refused}") from None
        return self

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def database_path(self) -> Path:
        return Path(self.database_url.removeprefix("sqlite:///"))

    @property
    def is_misplaced(self) -> bool:
        """Whether the default database would be made in a folder that belongs to no installation."""
        is_default = "database_url" not in self.model_fields_set
        return is_default and not self.database_path.exists() and not any(Path(one).exists() for one in _OF_INSTALLATIONS)

    @property
    def key_path(self) -> Path:
        # Its name does not begin with the database's: what copies `crosstalk.db*` leaves the keys where they are.
        return Path(self.key_file) if self.key_file else self.database_path.resolve().with_suffix(".keys.json")

    def origins(self) -> OriginList:
        """The allow-list that REST, polling and WebSocket share."""
        return OriginList.parse(
            self.allowed_origins,
            own=self.public_url,
            loopback=loopback_origins(self.host, self.port),
            production=self.is_production,
        )

    @property
    def api_url(self) -> str:
        """The API's address as browsers see it."""
        return self.public_url[0]


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsError, whose text is one line, at the first bad one."""
    for unknown in _unknown():
        if unknown.is_a_slip:
            raise SettingsError(f"{unknown.name}{unknown.where}: there is no such setting; write {unknown.nearest}")
    try:
        return Settings()
    except ValidationError as refused:
        raise SettingsError(_one_line(refused)) from None


def notices(settings: Settings) -> list[str]:
    """What is probably not meant, though the server can start: one line each."""
    said = []
    for unknown in _unknown():
        meant = f"did you mean {unknown.nearest}?" if unknown.nearest else "see .env.example"
        said.append(f"{unknown.name}{unknown.where} is ignored: there is no such setting; {meant}")
    unset = [
        f"{name}={example}"
        for name, example, value in (
            ("CROSSTALK_ALLOWED_ORIGINS", "https://app.example.com", settings.allowed_origins),
            ("CROSSTALK_PUBLIC_URL", "https://chat-api.example.com", settings.public_url),
        )
        if all(urlsplit(one).hostname == "localhost" for one in value)
    ]
    if settings.is_production and unset:
        said.append(f"production, but nothing outside this machine can use the API: set {' and '.join(unset)}")
    return said


def _unknown() -> list[UnknownName]:
    try:
        return unknown_names(PREFIX, {f"{PREFIX}{name.upper()}" for name in Settings.model_fields})
    except EnvFileError as refused:
        raise SettingsError(str(refused)) from None


_PHRASES = {"int_parsing": "must be a whole number", "float_parsing": "must be a number"}


def _one_line(refused: ValidationError) -> str:
    first = refused.errors(include_url=False)[0]
    message = _PHRASES.get(first["type"], first["msg"]).removeprefix("Value error, ").replace("Input should", "must")
    if first["loc"]:
        name, value = str(first["loc"][0]), first["input"]
        if "write " not in message:
            message = f"{message}; write for example {Settings.model_fields[name].default}"
    else:
        name, _, message = message.partition(": ")
        value = first["input"].get(name) if isinstance(first["input"], dict) else None
    secret = name in Settings.model_fields and Settings.model_fields[name].annotation is SecretStr
    shown = "" if value is None or secret else f"={str(value)!r}"
    return f"{PREFIX}{name.upper()}{shown}: {message}"
