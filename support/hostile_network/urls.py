"""URLs that lead into the network or nowhere, and ordinary ones in odd but legal spelling."""

from support.hostile_network.network import ALIASES, NAMES, PUBLIC_V4, PUBLIC_V6


def _words(text: str) -> list[str]:
    return text.split()


_HOSTS_INSIDE = _words(
    # every kind of address that is not public
    "0.0.0.0 0.1.2.3 10.0.0.5 10.255.255.255 100.64.0.1 100.127.255.255 100.100.100.200"
    " 127.0.0.1 127.0.0.2 127.9.9.9 127.255.255.254 169.254.169.254 169.254.170.2 169.254.0.23"
    " 172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1"
    " 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1 239.255.255.250 240.0.0.1"
    " 255.255.255.255 168.63.129.16"
    # and how else it can be written
    " 0 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 0x7F.0x0.0x0.0x1 017700000001 0177.1"
    " 0177.0.0.01 00000177.0.0.1 127.0.0.0001 127.0.0.1. 0xa9fea9fe 2852039166 0251.254.169.254"
    " 0xA9.0xFE.0xA9.0xFE 169.254.43518 025177524776 0xa.5 167772165 0300.0250.1.1"
    " %31%32%37.0.0.1 127%2e0%2e0%2e1 %30 １２７.0.0.1 127。0。0。1 ①②⑦.⓪.⓪.① 𝟏𝟐𝟕.𝟎.𝟎.𝟏"
    " 127.0.0.1%2e"
    # IPv6, and IPv4 inside it
    " [::] [::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::127.0.0.1]"
    " [::7f00:1] [::ffff:127.0.0.1] [::ffff:7f00:1] [::ffff:0:127.0.0.1] [::ffff:10.0.0.5]"
    " [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::127.0.0.1] [64:ff9b::a9fe:a9fe]"
    " [64:ff9b:1::7f00:1] [2002:7f00:1::] [2002:a9fe:a9fe::1] [2001:0:7f00:1::80ff:fffe]"
    " [2606:2800:220:1:0:5efe:7f00:1] [fc00::1] [fd00:ec2::254] [fd20:ce::254] [fe80::1]"
    " [fec0::1] [ff02::1] [100::1] [2001:db8::1] [2001:2::1] [2001:10::1] [3fff::1] [5f00::1]"
    " localhost LOCALHOST localhost. LocalHost%2e ⓛⓞⓒⓐⓛⓗⓞⓢⓣ ip6-localhost"
)
INSIDE = {f"http://{host}/" for host in _HOSTS_INSIDE} | {
    f"http://{name}/"
    for name, answers in NAMES.items()
    if "rebind" not in name and not set(answers[0]) <= {PUBLIC_V4, PUBLIC_V6}
}
INSIDE |= {
    "http://alias-inside.example/",
    "http://nowhere.example/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://metadata/",
    "https://127.0.0.1/",
    "https://[::1]/",
    "https://loopback.example/",
    "http://127.0.0.1:443/",
    "https://127.0.0.1:80/",
    "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "http://100.100.100.200/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
}

MALFORMED = {
    "",
    " ",
    "cat.jpg",
    "//127.0.0.1/",
    "http:/127.0.0.1/",
    "http:127.0.0.1",
    "http:\\\\127.0.0.1\\",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_INFO",
    "dict://127.0.0.1:6379/INFO",
    "data:image/png;base64,AAAA",
    "javascript:alert(1)",
    "ldap://127.0.0.1/",
    "unix:///var/run/docker.sock",
    "http+unix://%2fvar%2frun%2fdocker.sock/",
    "jar:http://127.0.0.1!/",
    "http://user@127.0.0.1/",
    "http://user:password@pub.example/cat.jpg",
    "http://pub.example@127.0.0.1/",
    "http://127.0.0.1@pub.example/cat.jpg",
    "http://pub.example:80@127.0.0.1/",
    "http://127.0.0.1:80\\@pub.example/",
    "http://pub.example\\@127.0.0.1/",
    "http://pub.example#@127.0.0.1:22/".replace("#", "%23"),
    "http://pub.example%40127.0.0.1/",
    "http://pub.example\\.127.0.0.1/",
    "http://pub.example%00.127.0.0.1/",
    "http://pub.example%0d%0a/",
    "http://127.0.0.1%09/",
    "http://127.0.0.1 pub.example/",
    "ht\ttp://127.0.0.1/",
    "http://127.0.\t0.1/",
    "http://127.0.0.1\n/",
    "http://pub.example/\r\nHost: 127.0.0.1\r\n",
    "\x00http://127.0.0.1/",
    "http://[::1%25lo]/",
    "http://[fe80::1%eth0]/",
    "http://[::1",
    "http://::1/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[::ffff:127.1]/",
    "http://127.0.0.1.0/",
    "http://256.256.256.256/",
    "http://0x100000000/",
    "http://1.1.1.08/",
    "http://",
    "http:///",
    "http://?",
    "http://./",
    "http://../",
    "http://a..b/",
    "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 130 + "example/",
    "http://pub.example/" + "a" * 2100,
    "http://pub.example:0/",
    "http://pub.example:65536/",
    "http://pub.example:-80/",
    "http://pub.example:80:80/",
    "http://pub.example:8O/",
    "http://pub.example:22/",
    "http://pub.example:6379/",
    "http://pub.example:8080/",
    "http://127.0.0.1:22/",
    "http://127.0.0.1:8000/healthz",
}

# Paths of the public server, each of which is a picture.
PICTURE = "/cat.jpg"
MUST_WORK = {
    "http://pub.example/cat.jpg",
    "https://pub.example/cat.jpg",
    "HTTP://PUB.Example/cat.jpg",
    "  http://pub.example/cat.jpg \n",
    "http://pub.example:80/cat.jpg",
    "http://pub.example:0080/cat.jpg",
    "http://pub.example:/cat.jpg",
    "https://pub.example:443/cat.jpg",
    "http://pub.example./cat.jpg",
    "https://pub.example./cat.jpg",
    "http://pub.example/cat.jpg?size=large&x=a%20b#part",
    "http://pub.example/cat.jpg?next=http://127.0.0.1/",
    "http://pub.example/cat.jpg?a@b:c",
    "http://pub.example/any/cat photo.jpg",
    "http://pub.example/any/猫.jpg",
    "http://pub.example/any/%E7%8C%AB%2f.jpg",
    "http://pub.example/any/@user:x/;v=1,2/cat.jpg",
    "http://pub.example//any//cat.jpg".replace("//any", "/any"),
    "http://pub.example/any/../cat.jpg",
    "http://pub.example/./cat.jpg",
    "http://pub.example/any\\cat.jpg",
    "http://pub.example/any/" + "a" * 1900,
    "http://pub.example?/any",
    "http://a_b.pub.example/cat.jpg",
    "http://alias.example/cat.jpg",
    "http://v4.example/cat.jpg",
    "http://v6.example/cat.jpg",
    f"http://{PUBLIC_V4}/cat.jpg",
    f"http://[{PUBLIC_V6}]/cat.jpg",
    f"http://[{PUBLIC_V6}]:80/cat.jpg",
    "http://[2606:2800:0220:0001:0000:0000:0000:0007]/cat.jpg",
    f"http://[::ffff:{PUBLIC_V4}]/cat.jpg",
    "http://0x5db8d822/cat.jpg",
    "http://1572395042/cat.jpg",
    "http://bücher.example/cat.jpg",
    "http://BÜCHER.example/cat.jpg",
    "http://b%C3%BCcher.example/cat.jpg",
    "https://bücher.example/cat.jpg",
    "http://xn--bcher-kva.example/cat.jpg",
    "http://例え.テスト/cat.jpg",
    "http://例え。テスト/cat.jpg",
    "http://i❤.example/cat.jpg",
    "http://pub.example/redirect/301?/cat.jpg",
    "http://pub.example/redirect/302?../any/cat.jpg",
    "http://pub.example/redirect/303?//v6.example/cat.jpg",
    "http://pub.example/redirect/307?http://v4.example:80/cat.jpg",
    "http://pub.example/redirect/308?https://pub.example/cat.jpg",
    "https://pub.example/redirect/302?https://bücher.example/cat.jpg",
    "http://pub.example/redirect/302?/redirect/301?/redirect/307?/cat.jpg",
    "http://pub.example/redirect/302?http://b%C3%BCcher.example/any/%C3%BC",
    "http://pub.example/chunked",
    "http://pub.example/until-it-closes",
    "http://pub.example/no-type",
    "http://pub.example/wrong-type",
}
assert set(ALIASES) == {"alias-inside.example", "alias.example"}

# Paths of the public server that are slow, endless or wrong: what may be answered.
BAD_SERVERS = {
    "/drip-headers": {504},
    "/drip-body": {504},
    "/drip-interim": {504},
    "/never": {504},
    "/endless": {413},
    "/endless-headers": {502},
    "/large": {413},
    "/short": {502},
    "/gzip": {502},
    "/bomb": {502},
    "/404": {502},
    "/500": {502},
    "/empty": {502},
    "/no-http": {502},
    "/hang-up": {502},
    "/redirect/302?/redirect/302?/redirect/302?/redirect/302?/cat.jpg": {502},
    "/redirect/302?http://pub.example:22/": {502},
    "/redirect/302?file:///etc/passwd": {502},
    "/redirect/302?http://user@pub.example/cat.jpg": {502},
    "/web-page": {415},
    "/svg": {415},
    "/text": {415},
    "/png-bomb": {413},
}
