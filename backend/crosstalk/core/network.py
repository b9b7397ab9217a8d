"""Network addresses of clients, in the form in which limits count them."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

_IPV6_PREFIX = 64
UNKNOWN = "unknown"
"""The network of a peer without an IP address: one on a Unix socket, for example."""


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a REMOTE_ADDR or in one entry of X-Forwarded-For, None when it is none.

    Accepts `203.0.113.7`, `203.0.113.7:4711` (Azure's gateways add the port), `2001:db8::1`, `[2001:db8::1]`,
    `[2001:db8::1]:4711` and an IPv6 zone (`fe80::1%eth0`). An IPv4 address mapped into IPv6 is returned as IPv4.
    """
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def network_of(text: str) -> str:
    """What counts as one client network: an IPv4 address, or the /64 of an IPv6 address (RFC 6177: the smallest block that
    a site gets). `UNKNOWN` for what is no address."""
    address = parse_address(text)
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv4Address):
        return str(address)
    return str(IPv6Network((address, _IPV6_PREFIX), strict=False))
