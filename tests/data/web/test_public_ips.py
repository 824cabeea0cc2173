"""Which IP addresses count as public, at the edges of every registered block."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from cluster_core.data.web.public_ips import is_public

# First and last address of every block of the two IANA special-purpose registries, and of
# multicast; and whether the addresses just before and just after the block are public.
BLOCKS_V4 = [
    ("0.0.0.0", "0.255.255.255", None, True),
    ("10.0.0.0", "10.255.255.255", True, True),
    ("100.64.0.0", "100.127.255.255", True, True),
    ("127.0.0.0", "127.255.255.255", True, True),
    ("169.254.0.0", "169.254.255.255", True, True),
    ("172.16.0.0", "172.31.255.255", True, True),
    ("192.0.0.0", "192.0.0.255", True, True),
    ("192.0.2.0", "192.0.2.255", True, True),
    ("192.31.196.0", "192.31.196.255", True, True),
    ("192.52.193.0", "192.52.193.255", True, True),
    ("192.88.99.0", "192.88.99.255", True, True),
    ("192.168.0.0", "192.168.255.255", True, True),
    ("192.175.48.0", "192.175.48.255", True, True),
    ("198.18.0.0", "198.19.255.255", True, True),
    ("198.51.100.0", "198.51.100.255", True, True),
    ("203.0.113.0", "203.0.113.255", True, True),
    ("224.0.0.0", "239.255.255.255", True, False),
    ("240.0.0.0", "255.255.255.255", False, None),
    ("168.63.129.16", "168.63.129.16", True, True),
]
BLOCKS_V6 = [
    ("::", "::", None, False),
    ("::1", "::1", False, False),
    ("::ffff:0:0", "::ffff:ffff:ffff", False, False),
    ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", False, False),
    ("100::", "100::ffff:ffff:ffff:ffff", False, False),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", False, False),
    ("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, True),
    ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", True, True),
    ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", True, True),
    ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", True, True),
    ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff", True, True),
    ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", True, True),
    ("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", True, None),
    ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False, False),
    ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False, False),
    ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False, False),
    ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", False, None),
]
# Sub-blocks that the registries list one by one, within the blocks above.
WITHIN = [
    *("192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32", "192.0.0.10/32", "192.0.0.170/31"),
    *("192.0.0.192/32", "192.88.99.2/32", "255.255.255.255/32"),
    *("2001::/32", "2001:1::1/128", "2001:1::2/128", "2001:1::3/128", "2001:2::/48"),
    *("2001:3::/32", "2001:4:112::/48", "2001:10::/28", "2001:20::/28", "2001:30::/28"),
]


@pytest.mark.parametrize(("first", "last", "before", "after"), BLOCKS_V4 + BLOCKS_V6)
def test_special_blocks_are_not_public_to_their_edges(first, last, before, after):
    assert not is_public(ip_address(first))
    assert not is_public(ip_address(last))
    if before is not None:
        assert is_public(ip_address(first) - 1) is before
    if after is not None:
        assert is_public(ip_address(last) + 1) is after


@pytest.mark.parametrize("block", WITHIN)
def test_blocks_within_blocks_are_not_public(block):
    network = ip_network(block)
    assert not is_public(network[0])
    assert not is_public(network[-1])


@pytest.mark.parametrize(("first", "last", "before", "after"), BLOCKS_V4)
def test_translated_address_is_as_public_as_its_ipv4_address(first, last, before, after):
    prefix = int(ip_address("64:ff9b::"))

    def is_translation_public(ip) -> bool:
        return is_public(ip_address(prefix + int(ip)))

    assert not is_translation_public(ip_address(first))
    assert not is_translation_public(ip_address(last))
    if before is not None:
        assert is_translation_public(ip_address(first) - 1) is before
    if after is not None:
        assert is_translation_public(ip_address(last) + 1) is after


REFUSED = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1"),
    *("127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1"),
    *("192.0.2.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16"),
    *("::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::7f00:1"),
    *("64:ff9b::a00:1", "64:ff9b:1::808:808", "100::1", "2001:db8::1", "3fff::1"),
    *("2002:7f00:1::", "2002:808:808::", "2001:0:53aa:64c:0:7a2a:f5f5:f5f5", "5f00::1"),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "4000::1"),
]
ALLOWED = [
    *("1.1.1.1", "8.8.8.8", "100.63.255.255", "172.32.0.1", "193.0.0.1", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450:4001::1", "64:ff9b::808:808"),
]


@pytest.mark.parametrize("ip", REFUSED)
def test_private_and_reserved_addresses_are_not_public(ip):
    assert not is_public(ip_address(ip))


@pytest.mark.parametrize("ip", ALLOWED)
def test_internet_addresses_are_public(ip):
    assert is_public(ip_address(ip))
