"""Decides which IP addresses may be connected to for a stranger, by a table of our own.

The standard library's `is_global` is not enough: it differs between patch releases of Python, and
accepts multicast, IPv4 addresses inside IPv6 and the internal servers of cloud providers.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

# IANA IPv4 Special-Purpose Address Registry (RFC 6890 and later), whole blocks, also those it
# calls globally reachable: they serve the network itself, never pictures.
_CLOSED_V4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network (RFC 791); Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",  # private use (RFC 1918)
        "100.64.0.0/10",  # carrier-grade NAT (RFC 6598); Alibaba's metadata is 100.100.100.200
        "127.0.0.0/8",  # loopback (RFC 1122)
        "169.254.0.0/16",  # link-local (RFC 3927); most clouds' metadata is 169.254.169.254
        "172.16.0.0/12",  # private use (RFC 1918)
        "192.0.0.0/24",  # IETF protocol assignments (RFC 6890); Oracle's metadata is 192.0.0.192
        "192.0.2.0/24",  # documentation TEST-NET-1 (RFC 5737)
        "192.31.196.0/24",  # AS112-v4 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relay anycast, deprecated (RFC 7526)
        "192.168.0.0/16",  # private use (RFC 1918)
        "192.175.48.0/24",  # direct delegation AS112 service (RFC 7534)
        "198.18.0.0/15",  # benchmarking (RFC 2544)
        "198.51.100.0/24",  # documentation TEST-NET-2 (RFC 5737)
        "203.0.113.0/24",  # documentation TEST-NET-3 (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771); not in the registry
        "240.0.0.0/4",  # reserved (RFC 1112), limited broadcast (RFC 919)
        "168.63.129.16/32",  # Azure's WireServer: a public address, answered by the host itself
    )
)

# Outside 2000::/3 nothing is global unicast (RFC 4291, 2.4): that closes ::/96 and ::ffff:0:0:0/96
# (IPv4 in IPv6), 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), 100::/64, 5f00::/16, fc00::/7,
# fe80::/10, fec0::/10 and ff00::/8. What is closed inside it:
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_CLOSED_V6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocol assignments (RFC 2928): Teredo, ORCHID, benchmarking, AMT …
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, IPv4 inside (RFC 3056)
        "2620:4f:8000::/48",  # direct delegation AS112 service (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
# ISATAP (RFC 5214, 6.1): an interface identifier 0000:5efe or 0200:5efe, then an IPv4 address.
_ISATAP = {0x0000_5EFE, 0x0200_5EFE}


def parse(address: str) -> IPv4Address | IPv6Address:
    """The address that a connection really goes to: without zone, IPv4-mapped IPv6 as IPv4.

    Raises:
        ValueError: not an IP address.
    """
    parsed = ip_address(address.partition("%")[0])
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped
    return parsed


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet.

    Args:
        address: IPv4 or IPv6 as text, as `socket.getaddrinfo` returns it.

    Raises:
        ValueError: not an IP address.
    """
    parsed = parse(address)
    if isinstance(parsed, IPv4Address):
        return not any(parsed in block for block in _CLOSED_V4)
    return (
        parsed in _GLOBAL_UNICAST
        and not any(parsed in block for block in _CLOSED_V6)
        and (int(parsed) >> 32 & 0xFFFF_FFFF) not in _ISATAP
    )


def may_be_dialled(address: str, allowed: Sequence[IPv4Network | IPv6Network] = ()) -> bool:
    """Whether an address is public or lies in a network that the operator opened.

    Raises:
        ValueError: not an IP address.
    """
    parsed = parse(address)
    return any(parsed in network for network in allowed) or is_public(address)
