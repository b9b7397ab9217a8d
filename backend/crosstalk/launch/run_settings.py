"""What `crosstalk run` changes in the settings: the page that it serves is allowed, and finds the API wherever it is opened."""

import os
import re
from collections.abc import Callable

from crosstalk.launch.addresses import hosts_of, origin
from crosstalk.settings import Settings, local_origin

_HOST = re.compile(r"([a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def page_origins(settings: Settings) -> list[str]:
    """The origins under which the page that we serve can be opened; the one for this machine comes first."""
    return [origin(host, settings.page_port) for host in hosts_of(settings.page_host)]


def only_origin(settings: Settings) -> str | None:
    """The origin of a page for this machine alone; None when its other names are allowed too, or other machines reach it."""
    [origin_of_page, *others] = page_origins(settings)
    names = {origin(name, settings.page_port) for name in _LOOPBACK}
    is_only = not others and origin_of_page in names and names & set(settings.allowed_origins) == {origin_of_page}
    return origin_of_page if is_only else None


def settings_for_run(settings: Settings) -> Settings:
    """The settings with the page's own origins in the list. When the page is served to other machines and CROSSTALK_HOST is
    not set, the API listens for them as well; when CROSSTALK_PUBLIC_URL is not set, every address of the API is its own."""
    host = settings.host if "host" in settings.model_fields_set else settings.page_host
    own = page_origins(settings)
    listed = () if _is_default(settings.allowed_origins, settings.page_port) else settings.allowed_origins
    changed: dict[str, object] = {
        "host": host,
        "allowed_origins": (*listed, *(one for one in own if one not in listed)),
    }
    if _is_default(settings.public_url, settings.port):
        changed["public_url"] = tuple(origin(one, settings.port) for one in hosts_of(host))
    return settings.model_copy(update=changed)


def unreachable(settings: Settings) -> str | None:
    """One line when the page is served to other machines and the API is not."""
    page_is_near, api_is_near = (hosts_of(one) == ["localhost"] for one in (settings.page_host, settings.host))
    if page_is_near or not api_is_near:
        return None
    return (
        f"other machines reach the page (CROSSTALK_PAGE_HOST={settings.page_host}) but not the API (CROSSTALK_HOST={settings.host}): "
        "write the same address in both"
    )


def hand_over(settings: Settings) -> None:
    """Puts what `settings_for_run` changed into the environment, for a `crosstalk serve` that replaces this process."""
    os.environ |= {
        "CROSSTALK_HOST": settings.host,
        "CROSSTALK_ALLOWED_ORIGINS": ",".join(settings.allowed_origins),
        "CROSSTALK_PUBLIC_URL": ",".join(settings.public_url),
    }


def api_finder(asked: Settings, running: Settings) -> Callable[[str], str]:
    """The address of the API for a page, from the Host header with which the page was asked for.

    A page on http://192.168.1.5:5173 gets http://192.168.1.5:5002: the name that the browser uses reaches the API, too. A
    CROSSTALK_PUBLIC_URL that was set is the same for all.
    """
    if not _is_default(asked.public_url, asked.port):
        return lambda _host: running.api_url

    def find(host: str) -> str:
        named = _HOST.fullmatch(host.strip().lower())
        if named is None or named[1] in _LOOPBACK:
            return running.api_url
        return origin(named[1], running.port)

    return find


def _is_default(value: tuple[str, ...], port: int) -> bool:
    return value == (local_origin(port),)
