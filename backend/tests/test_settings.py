"""Settings: one example file that is true, and one line that says what to write instead of a bad value."""

import re
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from crosstalk.settings import PREFIX, Settings, SettingsError, load_settings, notices
from server import clean_environment

EXAMPLE = Path(__file__).parents[2] / ".env.example"
FOLLOWING = {"public_url", "allowed_origins", "wirecheck"}
"""The defaults that follow another setting stand in the example as comments, or they would not follow."""


@pytest.fixture
def set_(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Sets settings of an environment that has none, in a folder without .env."""
    for name in list(clean_environment()) + [f"{PREFIX}{name.upper()}" for name in Settings.model_fields]:
        if name.startswith(PREFIX):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def example() -> dict[str, tuple[str, bool, str]]:
    """name → (value, whether it is a comment, the line above)."""
    lines = EXAMPLE.read_text().splitlines()
    found = {}
    for above, line in zip(["", *lines], lines, strict=False):
        match = re.fullmatch(rf"(# )?{PREFIX}([A-Z_]+)=(.*)", line)
        if match:
            found[match[2].lower()] = (match[3], match[1] is not None, above.removeprefix("# "))
    return found


def test_the_example_has_every_setting_in_order_and_no_other() -> None:
    assert list(example()) == list(Settings.model_fields)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_the_example_says_the_default_and_what_it_means(name: str) -> None:
    value, comment, above = example()[name]
    field = Settings.model_fields[name]
    assert above == field.description
    assert comment is (name in FOLLOWING)
    default = field.default
    if isinstance(default, bool):
        default = "on" if default else "off"
    assert value == (",".join(default) if isinstance(default, tuple) else str(default))


def test_the_example_as_it_is_is_the_same_as_no_settings(set_: pytest.MonkeyPatch) -> None:
    plain = load_settings()
    Path(".env").write_text(EXAMPLE.read_text())
    assert load_settings() == plain


def test_the_environment_goes_before_the_file_and_the_file_before_the_default(set_: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CROSSTALK_PORT=6001\nCROSSTALK_PAGE_PORT=6002\n")
    set_.setenv("CROSSTALK_PORT", "6003")
    settings = load_settings()
    assert (settings.port, settings.page_port, settings.host) == (6003, 6002, "127.0.0.1")


def test_two_defaults_follow_the_ports_until_they_are_set(set_: pytest.MonkeyPatch) -> None:
    set_.setenv("CROSSTALK_PORT", "6001")
    set_.setenv("CROSSTALK_PAGE_PORT", "6002")
    settings = load_settings()
    assert (settings.public_url, settings.api_url) == (("http://localhost:6001",), "http://localhost:6001")
    assert settings.allowed_origins == ("http://localhost:6002",)
    set_.setenv("CROSSTALK_ALLOWED_ORIGINS", " https://a.example , https://*.b.example ,")
    set_.setenv("CROSSTALK_PUBLIC_URL", "https://api.example")
    settings = load_settings()
    assert settings.allowed_origins == ("https://a.example", "https://*.b.example")
    assert settings.origins().accepts("https://api.example")
    assert not settings.origins().accepts("http://localhost:6002")


def test_the_api_may_have_several_addresses(set_: pytest.MonkeyPatch) -> None:
    set_.setenv("CROSSTALK_PUBLIC_URL", "https://api.example, http://crosstalk:5002")
    settings = load_settings()
    assert settings.api_url == "https://api.example"
    for own in ("https://api.example", "wss://api.example", "http://crosstalk:5002", "ws://crosstalk:5002"):
        assert settings.origins().accepts(own)
    assert not settings.origins().accepts("https://crosstalk:5002")


BAD = [
    ({"allowed_origins": ""}, "ALLOWED_ORIGINS", "write http"),
    ({"allowed_origins": " , "}, "ALLOWED_ORIGINS", "write http"),
    ({"allowed_origins": "https://a.example/"}, "ALLOWED_ORIGINS", "write https://a.example"),
    ({"allowed_origins": "https://a.example/chat"}, "ALLOWED_ORIGINS", "write https://a.example"),
    ({"allowed_origins": "a.example"}, "ALLOWED_ORIGINS", "write https://a.example"),
    ({"allowed_origins": "localhost:3000"}, "ALLOWED_ORIGINS", "write http://localhost:3000"),
    ({"allowed_origins": "nas:3000"}, "ALLOWED_ORIGINS", "write http://nas:3000"),
    ({"allowed_origins": "chat.lan:3000"}, "ALLOWED_ORIGINS", "write http://chat.lan:3000"),
    ({"allowed_origins": "192.168.1.5:3000"}, "ALLOWED_ORIGINS", "write http://192.168.1.5:3000"),
    (
        {"allowed_origins": "http://a.example localhost:3000"},
        "ALLOWED_ORIGINS",
        "with commas; write http://a.example,http://localhost:3000",
    ),
    ({"public_url": "nas:5002"}, "PUBLIC_URL", "write http://nas:5002"),
    ({"page_host": " "}, "PAGE_HOST", "write "),
    ({"page_host": "http://192.168.1.5"}, "PAGE_HOST", "write "),
    ({"host": "localhost:5002"}, "HOST", "write "),
    ({"host": "[::]"}, "HOST", "write "),
    ({"allowed_origins": "*"}, "ALLOWED_ORIGINS", "write "),
    ({"allowed_origins": "*", "env": "production"}, "ALLOWED_ORIGINS", "write "),
    ({"allowed_origins": "https://a.example:443"}, "ALLOWED_ORIGINS", "write https://a.example"),
    ({"allowed_origins": "http://a.example:80"}, "ALLOWED_ORIGINS", "write http://a.example"),
    ({"allowed_origins": "https://A.example"}, "ALLOWED_ORIGINS", "write https://a.example"),
    ({"allowed_origins": "http://localhost:5173,null"}, "ALLOWED_ORIGINS", "write "),
    ({"allowed_origins": "http://localhost:5173;http://localhost:5174"}, "ALLOWED_ORIGINS", "write "),
    ({"public_url": "http://localhost:5002/"}, "PUBLIC_URL", "write http://localhost:5002"),
    ({"public_url": "https://api.example,api.example:5002"}, "PUBLIC_URL", "write https://api.example:5002"),
    ({"public_url": "localhost"}, "PUBLIC_URL", "write http://localhost"),
    ({"public_url": " , "}, "PUBLIC_URL", "write http"),
    ({"public_url": "capacitor://localhost"}, "PUBLIC_URL", "write https://"),
    ({"proxy_networks": "10.0.0.0/33"}, "PROXY_NETWORKS", "write 10.0.0.0/8"),
    ({"proxy_networks": "127.0.0.0/8,10.0.0.1/8"}, "PROXY_NETWORKS", "write 10.0.0.0/8"),
    ({"proxy_networks": "proxy"}, "PROXY_NETWORKS", "write 10.0.0.0/8"),
    ({"access_token_s": "1"}, "ACCESS_TOKEN_S", "write for example 900"),
    ({"access_token_s": "3601"}, "ACCESS_TOKEN_S", "write for example 900"),
    ({"keepalive_s": "0"}, "KEEPALIVE_S", "write for example 75"),
    ({"keepalive_s": "1.5"}, "KEEPALIVE_S", "write "),
    ({"ping_interval": "15", "ping_timeout": "6"}, "PING_INTERVAL", "write "),
    ({"ping_interval": "0"}, "PING_INTERVAL", "write "),
    ({"ping_interval": "nan"}, "PING_INTERVAL", "write "),
    ({"ping_timeout": "-1"}, "PING_TIMEOUT", "write "),
    ({"ping_timeout": "ten"}, "PING_TIMEOUT", "write "),
    ({"rate_limits": "off", "env": "production"}, "RATE_LIMITS", "write on"),
    ({"rate_limits": "yes"}, "RATE_LIMITS", "write on or off"),
    ({"env": "staging"}, "ENV", "write "),
    ({"port": "abc"}, "PORT", "write "),
    ({"port": "0"}, "PORT", "write "),
    ({"port": "65536"}, "PORT", "write "),
    ({"port": "5002.5"}, "PORT", "write "),
    ({"page_port": "-1"}, "PAGE_PORT", "write "),
    ({"max_connections": "0"}, "MAX_CONNECTIONS", "write "),
    ({"max_connections": "many"}, "MAX_CONNECTIONS", "write "),
    ({"user_connections": "0"}, "USER_CONNECTIONS", "write "),
    ({"network_connections": "-1"}, "NETWORK_CONNECTIONS", "write "),
    ({"network_waiting": "some"}, "NETWORK_WAITING", "write "),
    ({"queue_bytes": "10"}, "QUEUE_BYTES", "write "),
    ({"stream_lease_s": "0"}, "STREAM_LEASE_S", "write "),
    ({"stream_lease_s": "inf"}, "STREAM_LEASE_S", "write "),
    ({"trusted_proxies": "-1"}, "TRUSTED_PROXIES", "write "),
    ({"database_url": "mysql://x"}, "DATABASE_URL", "write sqlite:///"),
    ({"database_url": "sqlite://"}, "DATABASE_URL", "write sqlite:///"),
    ({"database_url": "sqlite:///"}, "DATABASE_URL", "must be a file"),
    ({"database_url": "sqlite:///:memory:"}, "DATABASE_URL", "must be a file"),
    ({"database_url": "sqlite:///file:x?mode=memory&uri=true"}, "DATABASE_URL", "must be a file"),
    ({"database_url": "sqlite:///var/crosstalk.db?timeout=3"}, "DATABASE_URL", "must be a file"),
    ({"database_url": "sqlite:///var/"}, "DATABASE_URL", "must be a file"),
    ({"public_url": "https://example.com/chat-api"}, "PUBLIC_URL", "write https://example.com"),
]


@pytest.mark.parametrize(("given", "named", "says"), BAD, ids=[str(one[0]) for one in BAD])
def test_a_bad_setting_is_one_line_with_its_name_its_value_and_what_to_write(
    set_: pytest.MonkeyPatch, given: dict[str, str], named: str, says: str
) -> None:
    for name, value in given.items():
        set_.setenv(f"{PREFIX}{name.upper()}", value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    line = str(refused.value)
    assert line.startswith(f"{PREFIX}{named}")
    assert says in line
    assert "\n" not in line
    assert "pydantic" not in line
    value = given[named.lower()]
    assert value.split(",")[-1].strip() in line or not value.strip(" ,")


@pytest.mark.parametrize(
    "token", ["short", "x" * 201, "sixteen letters ä", "with a blank in the middle", "a\nsecond line of it"]
)
def test_a_bad_metrics_token_is_refused_and_not_shown(set_: pytest.MonkeyPatch, token: str) -> None:
    set_.setenv(f"{PREFIX}METRICS_TOKEN", token)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    line = str(refused.value)
    assert line.startswith(f"{PREFIX}METRICS_TOKEN: ")
    assert "write " in line
    assert token not in line


@pytest.mark.parametrize(("given", "named", "says"), BAD[:3] + BAD[-6:-5], ids=lambda one: str(one)[:40])
def test_with_a_bad_setting_the_server_does_not_start_and_nothing_listens(
    tmp_path: Path, given: dict[str, str], named: str, says: str
) -> None:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = clean_environment(**{"port": port, "database_url": f"sqlite:///{tmp_path}/db", **given})
    ran = subprocess.run(
        [sys.executable, "-m", "crosstalk", "serve"], env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=50
    )
    assert ran.returncode != 0
    assert ran.stdout == ""
    [line] = ran.stderr.splitlines()
    assert f"{PREFIX}{named}" in line
    assert says in line
    assert not (tmp_path / "db").exists()
    with closing(socket.socket()) as probe:
        assert probe.connect_ex(("127.0.0.1", int(port))) != 0


@pytest.mark.parametrize("key", ["sk–with-a-dash", "two words", "tab\tinside", "ключ"])
def test_a_key_that_no_server_takes_is_refused_without_showing_it(set_: pytest.MonkeyPatch, key: str) -> None:
    set_.setenv("CROSSTALK_AI_KEY", key)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith("CROSSTALK_AI_KEY: ")
    assert key not in str(refused.value)


@pytest.mark.parametrize("where", ["environment", "file"])
@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("PRT", "PORT"),
        ("ALOWED_ORIGINS", "ALLOWED_ORIGINS"),
        ("DATABASEURL", "DATABASE_URL"),
        ("AI_KYE", "AI_KEY"),
        ("HOSTS", "HOST"),
    ],
)
def test_a_name_that_is_nearly_a_setting_is_refused_without_its_value(
    set_: pytest.MonkeyPatch, where: str, name: str, nearest: str
) -> None:
    if where == "file":
        Path(".env").write_text(f"CROSSTALK_ENV=development\n\n{PREFIX}{name}=secret\n")
    else:
        set_.setenv(f"{PREFIX}{name}", "secret")
    with pytest.raises(SettingsError) as refused:
        load_settings()
    found = " (.env, line 3)" if where == "file" else ""
    assert str(refused.value) == f"{PREFIX}{name}{found}: there is no such setting; write {PREFIX}{nearest}"


def test_other_unknown_names_are_named_and_the_server_starts(set_: pytest.MonkeyPatch) -> None:
    set_.setenv("CROSSTALK_ORIGINS", "x")
    set_.setenv("CROSSTALK_REVIEW", "x")
    for ours in ("CROSSTALK_CHROMIUM", "CROSSTALK_SERVICE_HOST", "CROSSTALK_API_PORT_5002_TCP_ADDR"):
        set_.setenv(ours, "x")
    first, second = notices(load_settings())
    assert first.startswith("CROSSTALK_ORIGINS is ignored: ")
    assert first.endswith("did you mean CROSSTALK_ALLOWED_ORIGINS?")
    assert second.startswith("CROSSTALK_REVIEW is ignored: ")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"CROSSTALK_PORT=6001\nthis is wrong\n", ".env, line 2: "),
        (b"\n\n  \nCROSSTALK_PORT='6001\nA=1\n", ".env, line 4: "),
        (b"# a comment\n\nCROSSTALK_PORT\n", ".env, line 3: "),
        (b"CROSSTALK_AI_NAME=\xff\xfe", ".env is not a text in UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_with_its_name(
    set_: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: bytes, says: str
) -> None:
    Path(".env").write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)
    assert capsys.readouterr() == ("", "")


def test_a_file_of_a_windows_editor_counts(set_: pytest.MonkeyPatch) -> None:
    Path(".env").write_bytes(b"\xef\xbb\xbfCROSSTALK_PORT=6001\r\nCROSSTALK_PAGE_PORT=6002\r\n")
    assert (load_settings().port, load_settings().page_port) == (6001, 6002)


def test_production_that_only_this_machine_can_use_is_noticed(set_: pytest.MonkeyPatch) -> None:
    set_.setenv("CROSSTALK_ENV", "production")
    [line] = notices(load_settings())
    assert "CROSSTALK_ALLOWED_ORIGINS=https://" in line
    assert "CROSSTALK_PUBLIC_URL=https://" in line
    set_.setenv("CROSSTALK_ALLOWED_ORIGINS", "https://app.example")
    [line] = notices(load_settings())
    assert "ALLOWED_ORIGINS" not in line
    set_.setenv("CROSSTALK_PUBLIC_URL", "https://api.example")
    assert notices(load_settings()) == []
