"""URLs are read as browsers read them, and what only an attack needs is refused."""

import string
from ipaddress import ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from common.errors import UrlInvalid
from common.fetch.urls import MAX_URL_BYTES, join, parse_url

READ = [
    # as written, as sent
    ("http://pub.example/cat.jpg", "http://pub.example/cat.jpg"),
    ("  https://pub.example/cat.jpg\n", "https://pub.example/cat.jpg"),
    ("HTTP://Pub.EXAMPLE/Cat.JPG", "http://pub.example/Cat.JPG"),
    ("https://pub.example", "https://pub.example/"),
    ("https://pub.example?a=1", "https://pub.example/?a=1"),
    ("https://pub.example/?", "https://pub.example/?"),
    ("https://pub.example/a#b?c", "https://pub.example/a"),
    ("http://pub.example:80/", "http://pub.example/"),
    ("http://pub.example:0080/", "http://pub.example/"),
    ("http://pub.example:/a", "http://pub.example/a"),
    ("https://pub.example:443/", "https://pub.example/"),
    ("https://pub.example:80/", "https://pub.example:80/"),
    ("http://pub.example:8080/", "http://pub.example:8080/"),
    ("http://pub.example./", "http://pub.example/"),
    ("http://a_b.-c.example/", "http://a_b.-c.example/"),
    ("http://bücher.example/", "http://xn--bcher-kva.example/"),
    ("http://B%C3%BCcher.example/", "http://xn--bcher-kva.example/"),
    ("http://XN--bcher-KVA.example/", "http://xn--bcher-kva.example/"),
    ("http://faß.example/", "http://xn--fa-hia.example/"),
    ("http://例え。テスト/猫.jpg", "http://xn--r8jz45g.xn--zckzah/%E7%8C%AB.jpg"),
    ("http://i❤.example/", "http://xn--i-7iq.example/"),
    ("http://ex\u00adample.com/", "http://example.com/"),
    (
        "http://pub.example/a b/ü?q=ü x&r='\"<>",
        "http://pub.example/a%20b/%C3%BC?q=%C3%BC%20x&r=%27%22%3C%3E",
    ),
    ("http://pub.example/%41%2f%zz%", "http://pub.example/%41%2f%zz%"),
    ("http://pub.example/a/./b/../c/%2E%2e/d", "http://pub.example/a/d"),
    ("http://pub.example/../../x/..", "http://pub.example/"),
    ("http://pub.example//a///b", "http://pub.example//a///b"),
    ("http://pub.example/a\\b", "http://pub.example/a/b"),
    ("http://pub.example/@user/cat.jpg:1", "http://pub.example/@user/cat.jpg:1"),
    ("http://pub.example/?u=http://x@y/", "http://pub.example/?u=http://x@y/"),
    ("http://93.184.216.34/", "http://93.184.216.34/"),
    ("http://[2606:2800:220:1::7]/", "http://[2606:2800:220:1::7]/"),
    ("http://[2606:2800:0220:0001:0:0:0:0007]:8080/", "http://[2606:2800:220:1::7]:8080/"),
    # IPv4 addresses in disguise: what is dialled is what they mean
    ("http://127.1/", "http://127.0.0.1/"),
    ("http://0/", "http://0.0.0.0/"),
    ("http://2130706433/", "http://127.0.0.1/"),
    ("http://0x7f.1/", "http://127.0.0.1/"),
    ("http://0x7F000001/", "http://127.0.0.1/"),
    ("http://017700000001/", "http://127.0.0.1/"),
    ("http://0177.0.0.01/", "http://127.0.0.1/"),
    ("http://00127.0.0.1/", "http://87.0.0.1/"),
    ("http://127.0.0.1./", "http://127.0.0.1/"),
    ("http://0x.0x.0/", "http://0.0.0.0/"),
    ("http://%31%32%37.0.0.1/", "http://127.0.0.1/"),
    ("http://127。0。0。1/", "http://127.0.0.1/"),
    ("http://１２７.0.0.1/", "http://127.0.0.1/"),
    ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
    ("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
]

REFUSED = [
    "",
    " ",
    "cat.jpg",
    "/cat.jpg",
    "//pub.example/cat.jpg",
    "pub.example/cat.jpg",
    "file:///etc/passwd",
    "ftp://pub.example/",
    "gopher://pub.example:6379/_INFO",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "dict://pub.example:11211/",
    "jar:http://pub.example!/",
    "http:pub.example",
    "http:/pub.example/",
    "http:\\\\pub.example\\",
    "http://",
    "http:///cat.jpg",
    "http://:80/",
    "http://?x",
    "http://user@pub.example/",
    "http://user:pass@pub.example/",
    "http://@pub.example/",
    "http://:@pub.example/",
    "http://pub.example@127.0.0.1/",
    "http://127.0.0.1:80@pub.example/",
    "http://pub.example%40127.0.0.1/",
    "http://pub.example＠127.0.0.1/",
    "http://127.1.1.1:80\\@127.2.2.2:80/",
    "http://pub.example\\.evil.test/",
    "http://pub.example\\",
    "http://pub.example%00.evil.test/",
    "http://pub.example%0d%0aHost:evil/",
    "http://pub.example%20/",
    "http://pub.example%2f.evil.test/",
    "http://pub.example%23.evil.test/",
    "http://pub ex.example/",
    "http://a／b.example/",
    "http://℀.example/",
    "http://<pub>.example/",
    "http://pub.example|x/",
    "http://pub^x.example/",
    "http://%ff.example/",
    "http://%c3.example/",
    "http://a..b/",
    "http://.pub.example/",
    "http://pub.example../",
    "http://./",
    f"http://{'a' * 64}.example/",
    "http://" + ".".join(["a" * 60] * 5) + "/",
    "http://\u00ad/",
    "http://pub.example:99999/",
    "http://pub.example:0/",
    "http://pub.example:-1/",
    "http://pub.example:80a/",
    "http://pub.example:80:80/",
    "http://pub.example:٨٠/",
    "http://pub.example:" + "9" * 500 + "/",
    "http://1.2.3.4.5/",
    "http://1.2.3.256/",
    "http://256.1.1.1/",
    "http://4294967296/",
    "http://0x100000000/",
    "http://08.1.1.1/",
    "http://1.2.3.08/",
    "http://a.b.0x1/",
    "http://1..2/",
    "http://[::1/",
    "http://::1/",
    "http://[]/",
    "http://[:::1]/",
    "http://[::1]x/",
    "http://[::1%25lo]/",
    "http://[fe80::1%eth0]/",
    "http://[v1.x]/",
    "http://[127.0.0.1]/",
    "http://[::127.1]/",
    "ht\ttp://pub.example/",
    "http://pub.ex\tample/",
    "http://pub.example/\r\nHost: evil",
    "http://pub.example/a\nb",
    "\x00http://pub.example/",
    "http://pub.example/\x7f",
    "http://pub.example/\ud800",
    "http://pub.example/" + "a" * MAX_URL_BYTES,
]


@pytest.mark.parametrize(("text", "sent"), READ)
def test_read(text: str, sent: str) -> None:
    assert str(parse_url(text)) == sent


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(UrlInvalid):
        parse_url(text)


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b", "http://pub.example:8080/b"),
        ("b", "http://pub.example:8080/a/b"),
        ("../b?c", "http://pub.example:8080/b?c"),
        ("?c", "http://pub.example:8080/a/x?c"),
        ("//other.example/b", "http://other.example/b"),
        ("https://other.example", "https://other.example/"),
        ("/ü", "http://pub.example:8080/%C3%BC"),
    ],
)
def test_join(location: str, leads_to: str) -> None:
    assert str(join(parse_url("http://pub.example:8080/a/x"), location)) == leads_to


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://u@x/", "http://[::1", "gopher://x/"]
)
def test_join_refuses(location: str) -> None:
    with pytest.raises(UrlInvalid):
        join(parse_url("http://pub.example/"), location)


def test_2048_bytes_are_the_limit() -> None:
    fits = "http://pub.example/" + "a" * (MAX_URL_BYTES - 19)
    assert len(str(parse_url(fits))) == MAX_URL_BYTES
    with pytest.raises(UrlInvalid):
        parse_url("http://pub.example/" + "ü" * (MAX_URL_BYTES // 2))


_PIECES = [*"ab1290xX.:/\\@?#%[]_- \t\n\0ü。①＠", "%2e", "0x7f", "::", "xn--"]
odd = st.lists(st.sampled_from(_PIECES)).map("".join)


@settings(deadline=None)
@given(st.one_of(st.text(), odd, odd.map("http://{}".format), odd.map("https://a{}.b".format)))
@example("http://[")
@example("http://xn--a/")
def test_any_text_is_either_canonical_or_refused(text: str) -> None:
    try:
        url = parse_url(text)
    except UrlInvalid:
        return
    assert parse_url(str(url)) == url
    assert url.scheme in {"http", "https"}
    assert 1 <= url.port <= 65535
    assert url.target.startswith("/")
    assert set(url.target) <= set(string.ascii_letters + string.digits + string.punctuation)
    assert set(url.host) <= set(string.ascii_lowercase + string.digits + string.punctuation)
    assert not set(url.host) & set("/\\@?#%[] ")
    if url.is_address:
        assert str(ip_address(url.host)) == url.host


@settings(deadline=None)
@given(st.ip_addresses(v=4))
def test_every_spelling_of_an_ipv4_address_is_that_address(address: object) -> None:
    number = int(ip_address(str(address)))
    for text in (str(number), hex(number), f"0{number:o}", str(address)):
        assert parse_url(f"http://{text}/").host == str(address)
