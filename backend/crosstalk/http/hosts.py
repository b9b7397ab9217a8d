"""The Host header: which names the API answers to in production."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from crosstalk.core.network import parse_address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]]+)(?::[0-9]{0,5})?")


class HostNames:
    """The hosts of CROSSTALK_PUBLIC_URL, IP addresses, and names without a dot.

    A page that rebinds a DNS name to the API's address has to use a name of its own, which has a dot. Names without one
    (localhost, a container, the upstream of a proxy) are not to be had in the public DNS.
    """

    def __init__(self, public_urls: Iterable[str]) -> None:
        self._names = frozenset(urlsplit(url).hostname or "" for url in public_urls)

    def accept(self, sent: str | None) -> bool:
        """Whether a request with this Host header is answered. Without one (HTTP/1.0, health checks) it is."""
        if not sent:
            return True
        found = _HOST.fullmatch(sent)
        if found is None:
            return False
        name = found[1].lower().removesuffix(".")
        return "." not in name.strip("[]") or name in self._names or parse_address(name) is not None
