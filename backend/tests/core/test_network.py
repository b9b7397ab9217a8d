"""Addresses as proxies and servers write them, and the network that a limit counts."""

import pytest

from crosstalk.core.network import UNKNOWN, network_of


@pytest.mark.parametrize(
    ("written", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:61234", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("[::ffff:203.0.113.7]:80", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::9", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", UNKNOWN),
        ("unix:", UNKNOWN),
        ("_hidden", UNKNOWN),
        ("203.0.113.7.8", UNKNOWN),
        ("٢٠٣.0.113.7", UNKNOWN),
    ],
)
def test_an_address_counts_for_its_network(written: str, network: str) -> None:
    assert network_of(written) == network
