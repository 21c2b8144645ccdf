"""Opens connections to public addresses only: the address that was checked is connected to.

A name is looked up once, every address in the answer has to be public, and the connection goes to
one of them. There is no second lookup that could answer differently (DNS rebinding).
"""

import queue
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import certifi

from common.errors import UrlNotAllowed
from common.fetch import addresses
from common.fetch.deadline_socket import Deadline
from common.fetch.limiter import KeyedLimiter
from common.fetch.urls import Url

CONNECT_S = 3.0
"""Longest wait for one of several addresses of a host before the next one is tried."""
# An entry of `socket.getaddrinfo`: family, type, protocol, canonical name, socket address.
_AddrInfo = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]


class Connector:
    """Connects to the host of a URL. Threads may share it.

    Args:
        per_host: connections at once to one name, and to one address.
        lookups: lookups of names at once; one may go on after its fetch has given up.
        allowed_networks: what may be connected to besides the public internet.
    """

    def __init__(
        self,
        *,
        per_host: int,
        lookups: int,
        allowed_networks: Sequence[IPv4Network | IPv6Network],
    ) -> None:
        self._networks = tuple(allowed_networks)
        self._names = KeyedLimiter(per_host)
        self._hosts = KeyedLimiter(per_host)
        self._lookups = KeyedLimiter(lookups)
        self._tls = ssl.create_default_context()
        self._tls.load_verify_locations(certifi.where())

    @contextmanager
    def connection(self, url: Url, deadline: Deadline) -> Iterator[socket.socket]:
        """A connected socket, for https with the certificate of the URL's host verified.

        Raises:
            UrlNotAllowed: the host does not exist, or one of its addresses may not be dialled.
            FetchBusy: too many connections to this host, or lookups, are in progress.
            FetchTimeout, OSError.
        """
        with self._names.slot(url.host):
            resolved = self._vetted(url, deadline)
            with (
                self._hosts.slot(ip_prefix(resolved[0][4][0])),
                self._dial(url, resolved, deadline) as sock,
            ):
                yield sock

    def _vetted(self, url: Url, deadline: Deadline) -> list[_AddrInfo]:
        """Every address of the host, if all of them may be dialled."""
        resolved = _literal(url) if url.is_address else self._resolve(url, deadline)
        if not resolved or not all(
            addresses.may_be_dialled(sockaddr[0], self._networks) for *_, sockaddr in resolved
        ):
            raise UrlNotAllowed
        return resolved

    def _resolve(self, url: Url, deadline: Deadline) -> list[_AddrInfo]:
        """`getaddrinfo` on a thread of its own, which is left to itself when the time is up."""
        self._lookups.acquire("")
        answers: queue.SimpleQueue[list[_AddrInfo]] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                answers.put(_getaddrinfo(url))
            finally:
                self._lookups.release("")

        threading.Thread(target=resolve, name="lookup", daemon=True).start()
        try:
            return answers.get(timeout=deadline.left())
        except queue.Empty:
            deadline.expire()

    def _dial(self, url: Url, resolved: list[_AddrInfo], deadline: Deadline) -> socket.socket:
        """Connect to the first address that answers."""
        for i, (family, type_, protocol, _, sockaddr) in enumerate(resolved):
            last = i == len(resolved) - 1
            sock: socket.socket = socket.socket(family, type_, protocol)
            try:
                sock.settimeout(deadline.left() if last else min(deadline.left(), CONNECT_S))
                sock.connect(sockaddr)
                sock.settimeout(deadline.left())
                if url.scheme == "https":
                    sock = self._tls.wrap_socket(sock, server_hostname=url.host)
            except OSError:
                sock.close()
                deadline.left()
                if last:
                    raise
            except BaseException:
                sock.close()
                raise
            else:
                return sock
        raise AssertionError("resolved is never empty")


def ip_prefix(address: str) -> str:
    """What stands for one owner: an IPv4 address, or a /64 of IPv6."""
    parsed = addresses.parse(address)
    return str(parsed) if parsed.version == 4 else str(ip_network((int(parsed) >> 64 << 64, 64)))


def _getaddrinfo(url: Url) -> list[_AddrInfo]:
    """All addresses of a host; none where it has none or the lookup fails."""
    try:
        return [*socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _literal(url: Url) -> list[_AddrInfo]:
    address = addresses.parse(url.host)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return [(family, socket.SOCK_STREAM, 0, "", (str(address), url.port))]
