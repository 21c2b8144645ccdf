"""Clients are told apart by address, in every form in which proxies write one."""

import pytest

from api.ratelimit.client_address import client, parse

PEER = "198.51.100.1"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:40001", "203.0.113.7"),  # Azure's gateways
        ('"203.0.113.7:40001"', "203.0.113.7"),
        ("'203.0.113.7'", "203.0.113.7"),
        ("[203.0.113.7]", "203.0.113.7"),
        ("203.0.113.7:_port", "203.0.113.7"),  # RFC 7239 lets ports be hidden
        ("2001:db8::7", "2001:db8::7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:db8::7]:40001", "2001:db8::7"),
        ('"[2001:db8::7]:40001"', "2001:db8::7"),
        ("2001:db8:0:0:0:0:0:7:40001", "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
        ("[fe80::7%25eth0]:443", "fe80::7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:cb00:7107", "203.0.113.7"),
        ("[::FFFF:203.0.113.7]:40001", "203.0.113.7"),
        ("for=203.0.113.7", "203.0.113.7"),
        ("For=203.0.113.7:40001;proto=https;by=10.0.0.1", "203.0.113.7"),
        ('proto=https; for="[2001:db8::7]:40001"', "2001:db8::7"),
        ('for="[2001:db8::7%25eth0]"', "2001:db8::7"),
    ],
)
def test_addresses_as_proxies_write_them(text: str, address: str) -> None:
    assert str(parse(text)) == address


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", "unknown", "UNKNOWN", "_hidden", "for=unknown", 'for="_x"', "for=", "proto=http",
     "localhost", "203.0.113", "203.0.113.256", "203.0.113.7.8", "[", "[]", "]", ":", ":443",
     "%eth0", '"', "::ffff:203.0.113.7:x:y", "<script>", "x" * 5000, "[" * 5000, ":" * 5000],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert parse(text) is None
    assert client({"REMOTE_ADDR": PEER, "HTTP_X_FORWARDED_FOR": text}, 1) == PEER


@pytest.mark.parametrize(
    ("trusted", "headers", "who"),
    [
        (0, {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, PEER),
        (0, {"HTTP_FORWARDED": "for=203.0.113.7"}, PEER),
        (1, {}, PEER),
        (1, {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, "203.0.113.7"),
        (1, {"HTTP_X_FORWARDED_FOR": "192.0.2.1, 203.0.113.7:9"}, "203.0.113.7"),
        (2, {"HTTP_X_FORWARDED_FOR": "192.0.2.1,203.0.113.7, 10.0.0.1"}, "203.0.113.7"),
        (3, {"HTTP_X_FORWARDED_FOR": "203.0.113.7"}, PEER),  # too few: nobody is believed
        # What a client sends itself stands on the left and changes nothing on the right.
        (1, {"HTTP_X_FORWARDED_FOR": '"open, 203.0.113.7'}, "203.0.113.7"),
        (1, {"HTTP_X_FORWARDED_FOR": 'for="open, 203.0.113.7'}, "203.0.113.7"),
        (1, {"HTTP_X_FORWARDED_FOR": "\\\", 203.0.113.7"}, "203.0.113.7"),
        (1, {"HTTP_X_FORWARDED_FOR": ",,, 203.0.113.7"}, "203.0.113.7"),
        (1, {"HTTP_FORWARDED": 'for="open, for=203.0.113.7;proto=https'}, "203.0.113.7"),
        (1, {"HTTP_FORWARDED": 'for=192.0.2.1, for="[2001:db8::7]:9"'}, "2001:db8::/64"),
        # The header that most proxies write counts; the other one may be a client's.
        (1, {"HTTP_FORWARDED": "for=192.0.2.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"},
         "203.0.113.7"),
        (1, {"HTTP_X_FORWARDED_FOR": "2001:db8::1"}, "2001:db8::/64"),
        (1, {"HTTP_X_FORWARDED_FOR": "2001:db8::ffff:0:0:1"}, "2001:db8::/64"),
        (1, {"HTTP_X_FORWARDED_FOR": "2001:db8:0:1::1"}, "2001:db8:0:1::/64"),
    ],
)  # fmt: skip
def test_who_is_believed(trusted: int, headers: dict[str, str], who: str) -> None:
    assert client({"REMOTE_ADDR": PEER} | headers, trusted) == who


@pytest.mark.parametrize(
    ("peer", "who"),
    [
        ("", "unix"),
        ("::ffff:198.51.100.1", PEER),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%2", "fe80::/64"),
    ],
)
def test_who_connects_directly(peer: str, who: str) -> None:
    assert client({"REMOTE_ADDR": peer}, 0) == who
