"""Which IP addresses are on the public internet, by the registries of IANA.

`ipaddress.is_global` depends on the version of Python: that of 3.11 has an older registry.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

IPAddress = IPv4Address | IPv6Address

# Every block of the IANA IPv4 Special-Purpose Address Registry, also the few that are reachable
# from everywhere: these are for name and relay services and hold no pictures.
SPECIAL_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # shared by customers of a provider (RFC 6598)
        "127.0.0.0/8",  # this computer (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927)
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 name servers (RFC 7535)
        "192.52.193.0/24",  # multicast relays (RFC 7450)
        "192.88.99.0/24",  # former 6to4 relays (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "192.175.48.0/24",  # AS112 name servers (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771), which has a registry of its own
        "240.0.0.0/4",  # reserved, and broadcast (RFC 1112, RFC 919)
        "168.63.129.16/32",  # formally public, but serves machine settings in the Azure cloud
    )
)
# Only this block is assigned as global unicast. The registry's blocks outside it, such as ::1,
# fc00::/7 and fe80::/10, therefore need no entry below.
GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
# Every block of the IANA IPv6 Special-Purpose Address Registry within global unicast.
SPECIAL_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments, among them Teredo (RFC 2928, RFC 4380)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, which wraps an arbitrary IPv4 address (RFC 3056)
        "2620:4f:8000::/48",  # AS112 name servers (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
# Addresses by which a computer without IPv4 reaches an IPv4 server (RFC 6052).
TRANSLATED_V4 = IPv6Network("64:ff9b::/96")


def is_public(ip: IPAddress) -> bool:
    """Tell whether an IP address is on the public internet and serves no special purpose."""
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in SPECIAL_V4)
    if ip in TRANSLATED_V4:
        return is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
    return ip in GLOBAL_UNICAST_V6 and not any(ip in block for block in SPECIAL_V6)
