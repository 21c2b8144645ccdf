"""Fetches a picture from a stranger's URL, and nothing from inside. Speaks HTTP/1.1 by http.client.

The address is vetted where it is dialled: a name is looked up once, every answer must be public,
and the connection goes to one of those very answers. So a name that changes its mind (DNS
rebinding), a second reading of the URL or a redirect finds no gap to slip through. No proxy,
cookie, credential or connection outlives or precedes a fetch.
"""

import http.client
import io
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import certifi

from common.errors import (
    FetchError,
    FetchFailed,
    ImageTooLarge,
    UrlInvalid,
    UrlNotAllowed,
)
from common.fetch import addresses
from common.fetch.deadline_socket import Deadline, DeadlineSocket
from common.fetch.limiter import KeyedLimiter
from common.fetch.urls import Url, join, parse_url

MAX_REDIRECTS = 3
USER_AGENT = "dogorcat/0.1 (picture classifier; fetches what its user asks for)"
_REDIRECTS = {301, 302, 303, 307, 308}
# An entry of `socket.getaddrinfo`: family, type, protocol, canonical name, socket address.
_Found = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[Any, ...]]
_IDENTITY = {"", "identity"}
_CONNECT_S = 3.0
"""Longest wait for one of several addresses of a host before the next one is tried."""
_OVERHEAD_BYTES = 1_000_000
"""Headers, chunk marks and trailers that are read beside a body."""
_CHUNK = 65_536


OnBytes = Callable[[int], None]
"""Told how many bytes have come."""


class Fetcher:
    """Fetches pictures; one for each process, shared by its threads."""

    def __init__(
        self,
        *,
        timeout_s: float,
        max_bytes: int,
        concurrency: int,
        allowed_ports: Collection[int],
        allowed_networks: Sequence[IPv4Network | IPv6Network] = (),
    ) -> None:
        """
        Args:
            timeout_s: seconds for one fetch as a whole: lookup, redirects, headers, body.
            max_bytes: of a body.
            concurrency: fetches at once; a quarter of them, at least two, from one host.
            allowed_ports: those that are dialled.
            allowed_networks: those that are dialled besides the public internet.
        """
        self.concurrency = concurrency
        self.per_host = max(2, concurrency // 4)
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._ports = frozenset(allowed_ports)
        self._networks = tuple(allowed_networks)
        self._fetches = KeyedLimiter(concurrency)
        self._names = KeyedLimiter(self.per_host)
        self._hosts = KeyedLimiter(self.per_host)
        # A lookup may go on after its fetch has given up, so there may be more of them.
        self._lookups = KeyedLimiter(2 * concurrency)
        self._tls = ssl.create_default_context()
        self._tls.load_verify_locations(certifi.where())

    def fetch(
        self, url: str, *, timeout_s: float | None = None, on_bytes: OnBytes = lambda count: None
    ) -> bytes:
        """Fetch what lies at an http(s) address.

        Args:
            url: as a stranger wrote it.
            timeout_s: shortens the fetcher's own timeout, never lengthens it.
            on_bytes: called with the number of bytes that have arrived of a body, and with a
                negative one for what a fetch that fails has dropped; what it raises ends the fetch.

        Returns:
            the body of the answer, as it came.

        Raises:
            UrlInvalid: not an http(s) address, or not on a port that is dialled.
            UrlNotAllowed: the host does not exist, or one of its addresses is not public.
            FetchFailed: no connection, no status 200, a broken answer, or a redirect too many.
            FetchTimeout: the time is up.
            FetchBusy: too many fetches, or too many from this host, are under way.
            ImageTooLarge: the body has more than `max_bytes`.
        """
        limit = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        deadline = Deadline(limit)
        here = self._parse(url)
        with self._fetches.slot(""), _only_fetch_errors(deadline):
            for _ in range(MAX_REDIRECTS + 1):
                answer = self._request(here, deadline, on_bytes)
                if isinstance(answer, bytes):
                    return answer
                here = self._follow(here, answer)
        raise FetchFailed(f"The other server redirects more than {MAX_REDIRECTS} times.")

    def _parse(self, url: str) -> Url:
        parsed = parse_url(url)
        if parsed.port not in self._ports:
            ports = ", ".join(map(str, sorted(self._ports)))
            raise UrlInvalid(f"The port in the address is not one that is fetched from ({ports}).")
        return parsed

    def _follow(self, here: Url, location: str) -> Url:
        """Where a redirect leads, if it may lead there."""
        try:
            there = self._parse(str(join(here, location)))
        except UrlInvalid as error:
            raise FetchFailed("The other server redirects to an address not fetched.") from error
        if (here.scheme, there.scheme) == ("https", "http"):
            raise FetchFailed("The other server redirects from https to http.")
        return there

    def _request(self, url: Url, deadline: Deadline, on_bytes: OnBytes) -> bytes | str:
        """One request: the body, or the Location of a redirect."""
        with self._names.slot(url.host):
            found = self._vetted(url, deadline)
            with (
                self._hosts.slot(ip_prefix(found[0][4][0])),
                self._dial(url, found, deadline) as sock,
            ):
                connection = http.client.HTTPConnection(url.host, url.port)
                connection.sock = DeadlineSocket(sock, deadline, self._max_bytes + _OVERHEAD_BYTES)
                connection.putrequest("GET", url.target, skip_host=True)  # asks for `identity`
                connection.putheader("Host", url.authority)
                connection.putheader("User-Agent", USER_AGENT)
                connection.putheader("Accept", "image/*")
                connection.putheader("Connection", "close")
                connection.endheaders()
                return self._answer(connection.getresponse(), on_bytes)

    def _vetted(self, url: Url, deadline: Deadline) -> list[_Found]:
        """Every address of the host, if all of them may be dialled."""
        found = _literal(url) if url.is_address else self._look_up(url, deadline)
        if not found or not all(
            addresses.may_be_dialled(sockaddr[0], self._networks) for *_, sockaddr in found
        ):
            raise UrlNotAllowed
        return found

    def _look_up(self, url: Url, deadline: Deadline) -> list[_Found]:
        """`getaddrinfo`, which nothing can interrupt, on a thread that may be left behind."""
        self._lookups.acquire("")
        answers: queue.SimpleQueue[list[_Found]] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                answers.put(_getaddrinfo(url))
            finally:
                self._lookups.release("")

        threading.Thread(target=look_up, name="lookup", daemon=True).start()
        try:
            return answers.get(timeout=deadline.left())
        except queue.Empty:
            deadline.expire()

    def _dial(self, url: Url, found: list[_Found], deadline: Deadline) -> socket.socket:
        """Connect to the first address that answers; for https, as the host of the URL."""
        for i, (family, type_, protocol, _, sockaddr) in enumerate(found):
            last = i == len(found) - 1
            sock: socket.socket = socket.socket(family, type_, protocol)
            try:
                sock.settimeout(deadline.left() if last else min(deadline.left(), _CONNECT_S))
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
        raise AssertionError("found is never empty")

    def _answer(self, response: http.client.HTTPResponse, on_bytes: OnBytes) -> bytes | str:
        location = response.getheader("Location")
        if response.status in _REDIRECTS and location is not None:
            # http.client reads headers as Latin-1; what servers write there is UTF-8.
            return location.encode("latin-1").decode("utf-8", "replace")
        if response.status != 200:
            raise FetchFailed("The other server does not have this picture for us.")
        if response.getheader("Content-Encoding", "identity").strip().lower() not in _IDENTITY:
            raise FetchFailed("The other server compressed its answer without being asked to.")
        if response.getheader("Transfer-Encoding", "chunked").strip().lower() != "chunked":
            raise FetchFailed("The other server sent its answer in an unknown encoding.")
        expected = response.length
        if expected is not None and expected > self._max_bytes:
            raise self._too_large()
        body = io.BytesIO()
        try:
            while chunk := response.read(_CHUNK):
                on_bytes(len(chunk))
                body.write(chunk)
                if body.tell() > self._max_bytes:
                    raise self._too_large()
            # To http.client an answer that ends within its headers is a whole one without a body.
            if body.tell() < max(expected or 0, 1):
                raise FetchFailed("The other server broke off before the picture was complete.")
        except BaseException:
            on_bytes(-body.tell())
            raise
        return body.getvalue()

    def _too_large(self) -> ImageTooLarge:
        return ImageTooLarge(
            f"The picture at this address is larger than {self._max_bytes / 1e6:g} MB."
        )


def _getaddrinfo(url: Url) -> list[_Found]:
    """All addresses of a host; none where it has none or the lookup fails."""
    try:
        return [*socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)]
    except (OSError, UnicodeError):
        return []


def _literal(url: Url) -> list[_Found]:
    address = addresses.parse(url.host)
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    return [(family, socket.SOCK_STREAM, 0, "", (str(address), url.port))]


def ip_prefix(address: str) -> str:
    """What one owner has many of: an IPv4 address, a /64 of IPv6."""
    parsed = addresses.parse(address)
    return str(parsed) if parsed.version == 4 else str(ip_network((int(parsed) >> 64 << 64, 64)))


@contextmanager
def _only_fetch_errors(deadline: Deadline) -> Iterator[None]:
    """Whatever sockets, TLS and http.client raise: FetchError."""
    try:
        yield
    except (FetchError, ImageTooLarge):
        raise
    except TimeoutError:
        deadline.expire()
    except (OSError, http.client.HTTPException, ValueError) as error:
        deadline.left()
        raise FetchFailed("The other server refused, or its answer is broken.") from error
