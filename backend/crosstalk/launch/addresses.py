"""The addresses under which what `crosstalk run` serves can be reached, and the origins that follow from them."""

import fcntl
import socket
import struct
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

_SIOCGIFADDR = 0x8915  # netdevice(7)
_EVERY_IPV4, _EVERY_IPV6 = "0.0.0.0", "::"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def hosts_of(bound: str) -> list[str]:
    """The hosts of the URLs under which a server bound to `bound` answers, as browsers write them. The first is for this machine.

    An address that is not on one of this machine's interfaces (of a router, of the machine around a container) is not known here.
    """
    if bound in _LOOPBACK:
        return ["localhost"]
    if bound == _EVERY_IPV4:
        return ["localhost", "127.0.0.1", *_ipv4(), *_names()]
    if bound == _EVERY_IPV6:
        return ["localhost", "127.0.0.1", "[::1]", *_ipv4(), *_ipv6(), *_names()]
    return [written(bound)]


def written(host: str) -> str:
    """A host as in a URL: IPv6 addresses in brackets and in their short form (RFC 5952)."""
    try:
        address = ip_address(host)
    except ValueError:
        return host.lower()
    return f"[{address}]" if address.version == 6 else str(address)


def origin(host: str, port: int) -> str:
    """The origin of a page on http, as browsers write it."""
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"


def for_probing(bound: str) -> str:
    """An address that a server bound to `bound` answers on."""
    return {_EVERY_IPV4: "127.0.0.1", _EVERY_IPV6: "::1"}.get(bound, bound)


def _names() -> list[str]:
    name = socket.gethostname().lower()
    return [] if name == "localhost" else [name] if "." in name else [name, f"{name}.local"]


def _ipv4() -> list[str]:
    """The IPv4 addresses of the interfaces, without loopback. Linux names them; elsewhere the one of the default route is found."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            # OSError: the interface has none, or this is not Linux.
            with suppress(OSError):
                answer = fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
        if not found:
            # No packet leaves: the address is from the block for documentation (RFC 5737).
            with suppress(OSError):
                probe.connect(("192.0.2.1", 9))
                found.append(probe.getsockname()[0])
    return sorted({one for one in found if not ip_address(one).is_loopback})


def _ipv6() -> list[str]:
    """The same for IPv6, on Linux. Without link-local ones, which a URL cannot name."""
    try:
        lines = Path("/proc/net/if_inet6").read_text().split("\n")
    except OSError:
        return []
    addresses = [ip_address(bytes.fromhex(line.split()[0])) for line in lines if line]
    return sorted(f"[{one}]" for one in addresses if not (one.is_loopback or one.is_link_local))
