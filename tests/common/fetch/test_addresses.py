"""What may be dialled, over every block of IANA's two special-purpose registries."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest

from common.fetch.addresses import is_public, may_be_dialled, parse


def _words(text: str) -> list[str]:
    return text.split()


# https://www.iana.org/assignments/iana-ipv4-special-registry and iana-ipv6-special-registry,
# every row, and multicast, which has registries of its own.
REGISTRY = _words("""
0.0.0.0/8 0.0.0.0/32 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
192.0.0.0/24 192.0.0.0/29 192.0.0.8/32 192.0.0.9/32 192.0.0.10/32 192.0.0.170/32 192.0.0.171/32
192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.88.99.2/32 192.168.0.0/16
192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 240.0.0.0/4 255.255.255.255/32
224.0.0.0/4
::1/128 ::/128 ::/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 100:0:0:1::/64 2001::/23
2001::/32 2001:1::1/128 2001:1::2/128 2001:1::3/128 2001:2::/48 2001:3::/32 2001:4:112::/48
2001:10::/28 2001:20::/28 2001:30::/28 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
5f00::/16 fc00::/7 fe80::/10 fec0::/10 ff00::/8
""")

# What lies just outside of a block and is public; for the others it is another closed block.
JUST_OUTSIDE = _words("""
1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255
192.0.3.0 192.31.195.255 192.31.197.0 192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0
192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0 198.17.255.255 198.20.0.0 198.51.99.255
198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255 168.63.129.15 168.63.129.17
2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2001:200:: 2001:db7:ffff:ffff:ffff:ffff:ffff:ffff
2001:db9:: 2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff 2003:: 2620:4f:7fff:ffff:ffff:ffff:ffff:ffff
2620:4f:8001:: 3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff 3fff:1000::
""")

METADATA = {
    "AWS, Azure, GCP, OpenStack, DigitalOcean": "169.254.169.254",
    "AWS on IPv6": "fd00:ec2::254",
    "AWS ECS": "169.254.170.2",
    "GCP on IPv6": "fd20:ce::254",
    "Azure WireServer": "168.63.129.16",
    "Alibaba": "100.100.100.200",
    "Oracle": "192.0.0.192",
    "Tencent": "169.254.0.23",
}

PUBLIC = _words("""
1.1.1.1 8.8.8.8 93.184.216.34 151.101.1.140 2606:2800:220:1:248:1893:25c8:1946
2606:4700:4700::1111 2a00:1450:4001::8a 2001:4860:4860::8888 2400:cb00::1
""")


def of_block(block: str) -> list[str]:
    network = ip_network(block)
    first, last = int(network[0]), int(network[-1])
    kind = type(network[0])
    return [str(kind(number)) for number in (first, (first + last) // 2, last)]


@pytest.mark.parametrize("block", REGISTRY)
def test_registry(block: str) -> None:
    for address in of_block(block):
        assert not is_public(address), address


def test_the_table_of_neighbours_is_complete() -> None:
    """Whatever is just outside a block of the registries is listed, or lies in another block."""
    blocks = [ip_network(block) for block in REGISTRY]
    for block in blocks:
        kind = type(block[0])
        for number in (int(block[0]) - 1, int(block[-1]) + 1):
            if not 0 <= number < 2**block.max_prefixlen:
                continue
            address = kind(number)
            closed = any(address in other for other in blocks) or (
                address.version == 6 and address not in ip_network("2000::/3")
            )
            assert closed or str(address) in JUST_OUTSIDE, address


@pytest.mark.parametrize("address", JUST_OUTSIDE + PUBLIC)
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("cloud", METADATA)
def test_metadata(cloud: str) -> None:
    assert not is_public(METADATA[cloud])


def in_ipv6(v4: str) -> dict[str, str]:
    """Every form in which an IPv6 address may carry an IPv4 address."""
    number = int(IPv4Address(v4))
    turned = number ^ 0xFFFF_FFFF
    return {
        "compatible": str(IPv6Address(number)),
        "translated (SIIT)": f"::ffff:0:{v4}",
        "NAT64": f"64:ff9b::{v4}",
        "NAT64, local": f"64:ff9b:1::{v4}",
        "6to4": str(IPv6Address(0x2002 << 112 | number << 80 | 1)),
        "Teredo, client": str(IPv6Address(0x2001_0000 << 96 | turned)),
        "Teredo, server": str(IPv6Address(0x2001_0000 << 96 | number << 64)),
        "ISATAP": f"2606:2800:220:1:0:5efe:{v4}",
        "ISATAP, global": f"2606:2800:220:1:200:5efe:{v4}",
    }


@pytest.mark.parametrize("form", in_ipv6("0.0.0.0"))
@pytest.mark.parametrize("v4", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "93.184.216.34"])
def test_ipv4_in_ipv6_is_refused_whatever_it_carries(v4: str, form: str) -> None:
    assert not is_public(in_ipv6(v4)[form])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("::ffff:127.0.0.1", False),
        ("::ffff:a9fe:a9fe", False),
        ("::ffff:100.64.0.1", False),
        ("::ffff:93.184.216.34", True),
    ],
)
def test_ipv4_mapped_is_the_ipv4_it_means(address: str, public: bool) -> None:
    assert is_public(address) is public
    assert isinstance(parse(address), IPv4Address)


def test_a_zone_hides_nothing() -> None:
    assert not is_public("fe80::1%eth0")
    assert not is_public("::1%lo")


def test_opened_networks() -> None:
    opened = [ip_network("127.0.0.0/8"), ip_network("fd00::/16")]
    assert may_be_dialled("127.1.2.3", opened)
    assert may_be_dialled("::ffff:127.0.0.1", opened)
    assert may_be_dialled("fd00::1", opened)
    assert may_be_dialled("1.1.1.1", opened)
    assert not may_be_dialled("10.0.0.1", opened)
    assert not may_be_dialled("::1", opened)
    assert not may_be_dialled("127.0.0.1")


@pytest.mark.parametrize("text", ["", "example.com", "1.2.3", "1.2.3.4.5", "0x7f.1", "12345"])
def test_not_an_address(text: str) -> None:
    with pytest.raises(ValueError, match="does not appear"):
        is_public(text)
