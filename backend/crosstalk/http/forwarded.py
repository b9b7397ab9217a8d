"""The client's address behind proxies: X-Forwarded-For, believed from configured networks only."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import structlog
from prometheus_client import Counter

from crosstalk.core.clock import steady_ms
from crosstalk.core.network import parse_address
from crosstalk.http.proxy_networks import Network

log = structlog.get_logger("addresses")
_not_believed = Counter(
    "crosstalk_forwarded_not_believed", "Requests whose X-Forwarded-For was not believed, by the reason", ["reason"]
)

# A peer on a Unix socket has no address, and is on this machine.
_UNIX = IPv4Address("127.0.0.1")
_AGAIN_MS = 60_000


class ForwardedAddress:
    """WSGI middleware: sets REMOTE_ADDR to the client's address.

    It starts at the peer and follows X-Forwarded-For from the right, at most `proxies` entries and only while the address
    that it stands at is in `networks`: what is left of that, any client can write. Other forwarding headers are ignored.
    """

    def __init__(self, app: WSGIApplication, proxies: int, networks: Sequence[Network]) -> None:
        self._app = app
        self._proxies = proxies
        self._networks = tuple(networks)
        self._logged_at: dict[str, int] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        forwarded = environ.get("HTTP_X_FORWARDED_FOR")
        if forwarded is not None:
            environ["REMOTE_ADDR"] = self._client(str(environ.get("REMOTE_ADDR", "")), str(forwarded))
        return self._app(environ, start_response)

    def _client(self, peer: str, forwarded: str) -> str:
        address = parse_address(peer) or _UNIX
        if self._proxies == 0:
            if address.is_private:
                self._report("no_proxies", "X-Forwarded-For arrives, but CROSSTALK_TRUSTED_PROXIES is 0", peer)
            return peer
        followed = False
        # Only the entries that may be looked at are split off, however long the header is.
        for entry in reversed(forwarded.rsplit(",", self._proxies)[-self._proxies :]):
            if not any(address in network for network in self._networks):
                if followed or address.is_private:
                    text = "X-Forwarded-For arrives from a proxy that is not in CROSSTALK_PROXY_NETWORKS"
                    self._report("other_network", text, str(address))
                break
            named = parse_address(entry)
            if named is None:
                self._report("malformed", "X-Forwarded-For has an entry that is no address", peer)
                break
            address, followed = named, True
        return str(address) if followed else peer

    def _report(self, reason: str, text: str, peer: str) -> None:
        """Counts each, and logs the first of a minute."""
        _not_believed.labels(reason).inc()
        now = steady_ms()
        if now - self._logged_at.get(reason, -_AGAIN_MS) >= _AGAIN_MS:
            self._logged_at[reason] = now
            log.warning(text, peer=peer)
