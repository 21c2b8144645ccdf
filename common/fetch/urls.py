"""Parses a stranger's URL once, as browsers do (WHATWG URL Standard), and refuses what is unsafe.

The parts that are checked here are used for the connection, in their canonical form. What only an
attack needs is refused: user names, backslashes in the host, control characters.
"""

import re
from dataclasses import dataclass

import ada_url

from common.errors import UrlInvalid

MAX_URL_BYTES = 2048
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_START = re.compile(r"https?:(?P<slashes>//)?(?P<authority>[^/?#]*)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Url:
    """An http(s) address; every part is in its canonical form."""

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
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def parse_url(text: str) -> Url:
    """Parse an absolute http(s) URL.

    Args:
        text: at most 2,048 bytes of UTF-8; whitespace around it is ignored, a fragment dropped.

    Raises:
        UrlInvalid: with the reason in words.
    """
    text = text.strip(" \t\r\n\f")
    _check(text)
    try:
        url = ada_url.URL(text)
    except ValueError:
        raise UrlInvalid("The host or the port in the address is not well formed.") from None
    scheme = url.protocol.removesuffix(":")
    port = int(url.port) if url.port else _DEFAULT_PORTS[scheme]
    if port == 0:
        raise UrlInvalid("The port in the address must be a number from 1 to 65535.")
    is_address = url.host_type != ada_url.HostType.DEFAULT
    host = url.hostname.strip("[]") if is_address else url.hostname.removesuffix(".")
    if not is_address and not _is_name(host):
        raise UrlInvalid("The host name in the address is not well formed.")
    target = url.href.removeprefix(f"{url.protocol}//{url.host}").partition("#")[0]
    return Url(scheme, host, is_address, port, target)


def join(base: Url, location: str) -> Url:
    """The address that `location`, absolute or relative, stands for in an answer from `base`.

    Raises:
        UrlInvalid: as `parse_url`.
    """
    try:
        return parse_url(ada_url.join_url(str(base), location))
    except ValueError:
        raise UrlInvalid("The host or the port in the address is not well formed.") from None


def _check(text: str) -> None:
    """Refuse what browsers would repair or ignore, and what no link to a picture needs."""
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
    start = _START.match(text)
    if start is None:
        raise UrlInvalid("The address must begin with http:// or https://.")
    if start["slashes"] is None or not start["authority"]:
        raise UrlInvalid("The address names no host.")
    if "@" in start["authority"]:
        raise UrlInvalid("The address must not carry a user name or a password.")
    if "\\" in start["authority"]:
        raise UrlInvalid("The host name in the address contains a backslash.")


def _is_name(host: str) -> bool:
    """Whether DNS can hold the name: labels of 1 to 63 characters, 253 in all (RFC 1035, 2.3.4)."""
    return len(host) <= 253 and all(1 <= len(label) <= 63 for label in host.split("."))
