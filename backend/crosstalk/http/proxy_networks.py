"""The networks of the proxies in front: CROSSTALK_PROXY_NETWORKS."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_interface

Network = IPv4Network | IPv6Network


def parse_networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """The networks that these texts name; an address is a network of one. Raises ValueError, one line that says what to write."""
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    try:
        named = ip_interface(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a network; write 10.0.0.0/8") from None
    if named.ip != named.network.network_address:
        raise ValueError(f"{text!r} is an address within a network; write {named.network}")
    return named.network
