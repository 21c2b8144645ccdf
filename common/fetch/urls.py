"""A stranger's URL, taken apart once: what is checked here is what is dialled. Opens nothing.

Reads as browsers do (WHATWG URL Standard), since that is how the link was found to work, but
refuses what only an attack needs: user names, backslashes in the host, control characters.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, unquote_to_bytes, urljoin

import idna

from common.errors import UrlInvalid

MAX_URL_BYTES = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHAPE = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*):(?P<rest>.*)", re.IGNORECASE | re.ASCII)
_AUTHORITY = re.compile(
    r"//(?P<host>\[[^\]]*\]|[^:/?#]*)(?::(?P<port>[0-9]*))?(?P<rest>[/?#].*)?", re.ASCII
)
# https://url.spec.whatwg.org/#forbidden-domain-code-point
_FORBIDDEN_IN_HOST = re.compile(r"[\x00-\x20\x7f#%/:<>?@\[\\\]^|]")
_IPV4_NUMBER = re.compile(r"0[xX](?P<hex>[0-9a-fA-F]*)|(?P<oct>0[0-7]+)|(?P<dec>0|[1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Url:
    """An http(s) address whose every part is in the one form that is sent and dialled."""

    scheme: str
    """`http` or `https`."""
    host: str
    """Lower-case ASCII name without a dot at its end, or an IP address without brackets."""
    is_address: bool
    """`host` is an IP address: there is nothing to look up."""
    port: int
    target: str
    """Path and query, percent-encoded ASCII, beginning with a slash."""

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> Url:
    """Take an absolute http(s) URL apart.

    Args:
        text: at most 2,048 bytes of UTF-8; space around it is ignored, a fragment is dropped.

    Raises:
        UrlInvalid: with the reason in words.
    """
    text = text.strip(" \t\r\n\f")
    if not text:
        raise UrlInvalid("The address is empty.")
    try:
        length = len(text.encode())
    except UnicodeEncodeError:
        raise UrlInvalid("The address contains half a character.") from None
    if length > MAX_URL_BYTES:
        raise UrlInvalid(f"The address is longer than {MAX_URL_BYTES} bytes.")
    if _CONTROL.search(text):
        raise UrlInvalid("The address contains a control character.")
    shape = _SHAPE.fullmatch(text)
    if shape is None or shape["scheme"].lower() not in _DEFAULT_PORTS:
        raise UrlInvalid("The address must begin with http:// or https://.")
    scheme = shape["scheme"].lower()
    authority = re.match(r"//[^/?#]*", shape["rest"])
    if authority is None or authority.end() == 2:
        raise UrlInvalid("The address names no host.")
    if "@" in authority[0]:
        raise UrlInvalid("The address must not carry a user name or a password.")
    parts = _AUTHORITY.fullmatch(shape["rest"])
    if parts is None:
        raise UrlInvalid("The host or the port in the address is not well formed.")
    host, is_address = _host(parts["host"])
    return Url(scheme, host, is_address, _port(parts["port"], scheme), _target(parts["rest"] or ""))


def join(base: Url, location: str) -> Url:
    """The address that a redirect from `base` leads to.

    Raises:
        UrlInvalid: as `parse_url`.
    """
    try:
        return parse_url(urljoin(str(base), location))
    except ValueError:  # urljoin looks into brackets
        raise UrlInvalid("The host or the port in the address is not well formed.") from None


def _port(digits: str | None, scheme: str) -> int:
    if not digits:
        return _DEFAULT_PORTS[scheme]
    port = int(digits) if len(digits) < 20 else 0
    if not 1 <= port <= 65535:
        raise UrlInvalid("The port in the address must be a number from 1 to 65535.")
    return port


def _host(text: str) -> tuple[str, bool]:
    """Host text to (canonical host, is it an IP address), by the WHATWG host parser."""
    if text.startswith("["):
        try:
            if "%" in text:  # a zone means something on one machine only
                raise ValueError
            return str(IPv6Address(text[1:-1])), True
        except ValueError:
            raise UrlInvalid("The IPv6 address in the address is not well formed.") from None
    name = _to_ascii(text)
    labels = name.split(".")
    last = labels[-1]
    if last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last):
        return str(_ipv4(labels)), True
    if len(name) > 253 or not all(1 <= len(label) <= 63 for label in labels):
        raise UrlInvalid("The host name in the address is not well formed.")
    return name, False


def _to_ascii(text: str) -> str:
    """Percent-decoding, then Unicode's compatibility mapping (UTS #46) and Punycode."""
    try:
        name: str = unquote_to_bytes(text).decode() if "%" in text else text
        if not name.isascii():
            name = idna.uts46_remap(name, std3_rules=False)
    except (UnicodeDecodeError, idna.IDNAError):
        raise UrlInvalid("The host name in the address is not well formed.") from None
    name = ".".join(
        label if label.isascii() else "xn--" + label.encode("punycode").decode()
        for label in name.lower().split(".")
    )
    if _FORBIDDEN_IN_HOST.search(name):
        raise UrlInvalid("The host name in the address contains a character it must not.")
    return name.removesuffix(".")


def _ipv4(parts: list[str]) -> IPv4Address:
    """`127.0.0.1` and its other spellings (`127.1`, `0x7f000001`, `017700000001`, `2130706433`)."""
    wrong = UrlInvalid("The IPv4 address in the address is not well formed.")
    numbers = []
    for part in parts:
        number = _IPV4_NUMBER.fullmatch(part)
        if number is None or len(part) > 20 or len(parts) > 4:
            raise wrong
        if number["hex"] is not None:
            numbers.append(int(number["hex"] or "0", 16))
        else:
            numbers.append(int(number["oct"] or number["dec"], 8 if number["oct"] else 10))
    *first, last = numbers
    if any(number > 255 for number in first) or last >= 256 ** (5 - len(numbers)):
        raise wrong
    return IPv4Address(last + sum(byte << 8 * (3 - i) for i, byte in enumerate(first)))


def _target(rest: str) -> str:
    path, mark, query = rest.partition("#")[0].partition("?")
    path = quote(_without_dots(path.replace("\\", "/")), safe="/%!$&'()*+,;=:@-._~[]|^")
    return path + mark + quote(query, safe="/%?!$&()*+,;=:@-._~[]|^`{}\\")


def _without_dots(path: str) -> str:
    """Resolve `.` and `..`, percent-encoded or not (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for i, segment in enumerate(segments):
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(segment)
        if plain in {".", ".."} and i == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)
