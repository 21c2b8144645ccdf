"""Fetches a picture from a stranger's link by HTTP/1.1, and nothing from inside the network.

Every request uses a fresh connection to a checked address (`common.fetch.connect`), without
proxies, cookies or credentials. Where a link leads to a web page, the picture that the page names
is fetched under the same rules.
"""

import http.client
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from common.errors import (
    FetchError,
    FetchFailed,
    ImageError,
    ImageTypeUnsupported,
    UrlInvalid,
)
from common.fetch.connect import Connector
from common.fetch.deadline_socket import Deadline, DeadlineSocket
from common.fetch.limiter import KeyedLimiter
from common.fetch.pages import picture_of_page
from common.fetch.response import Body, OnBytes, Redirect, read_response
from common.fetch.search_links import picture_of_search
from common.fetch.urls import Url, join, parse_url
from common.fetch.user_agent import user_agent

MAX_REDIRECTS = 3
_OVERHEAD_BYTES = 1_000_000
"""Headers, chunk marks and trailers that are read beside a body."""
_HINT = (
    "Send the address of the picture itself: right-click it (or hold a finger on it), then choose"
    " “Copy image address”."
)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file from the web, and where it was found."""

    data: bytes
    url: str
    """The address it came from, after redirects."""
    page: str | None = None
    """The page that named it, where the link led to a page; else None."""


class Fetcher:
    """Fetches pictures. One for each process; its threads share it."""

    def __init__(
        self,
        *,
        timeout_s: float,
        max_bytes: int,
        concurrency: int,
        allowed_ports: Collection[int],
        allowed_networks: Sequence[IPv4Network | IPv6Network] = (),
        contact: str | None = None,
    ) -> None:
        """
        Args:
            timeout_s: seconds for one fetch as a whole: lookups, redirects, headers, bodies.
            max_bytes: of a picture.
            concurrency: fetches at once; a quarter of them, at least two, from one host.
            allowed_ports: ports that may be connected to.
            allowed_networks: what may be connected to besides the public internet.
            contact: how to reach who runs this; part of the User-Agent.
        """
        self.concurrency = concurrency
        self.per_host = max(2, concurrency // 4)
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._ports = frozenset(allowed_ports)
        self._agent = user_agent(contact)
        self._fetches = KeyedLimiter(concurrency)
        self._connector = Connector(
            per_host=self.per_host, lookups=2 * concurrency, allowed_networks=allowed_networks
        )

    def fetch(
        self, url: str, *, timeout_s: float | None = None, on_bytes: OnBytes = lambda count: None
    ) -> Fetched:
        """Fetch the picture that a link leads to.

        Args:
            url: as a stranger wrote it: the address of a picture, of a page that names one, or of
                a result of a picture search.
            timeout_s: shortens the fetcher's own timeout, never lengthens it.
            on_bytes: called with the number of bytes that have arrived of a body, and with a
                negative one for those that are dropped; what it raises ends the fetch.

        Raises:
            UrlInvalid: not an http(s) address, or not on an allowed port.
            UrlNotAllowed: the host does not exist, or one of its addresses is not public.
            FetchFailed: no connection, a status without a picture, a broken answer, or a redirect
                too many.
            FetchTimeout: the time is up.
            FetchBusy: too many fetches, or too many from this host, are in progress.
            ImageTooLarge: the picture has more than `max_bytes`.
            ImageTypeUnsupported: a page that names no picture, or one that is a page itself.
        """
        limit = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        deadline = Deadline(limit)
        searched = picture_of_search(url)
        link = self._parse(searched or url)
        with self._fetches.slot(""), _as_fetch_errors(deadline):
            found, body = self._follow(link, deadline, on_bytes)
            if not body.is_page:
                return Fetched(body.data, str(found), url.strip() if searched else None)
            on_bytes(-len(body.data))
            named = self._named(body, found)
            picture, body = self._follow(named, deadline, on_bytes)
        if body.is_page:
            on_bytes(-len(body.data))
            raise ImageTypeUnsupported(
                f"This is a web page, and what it names as its picture is a page, too. {_HINT}"
            )
        return Fetched(body.data, str(picture), str(found))

    def _parse(self, url: str) -> Url:
        parsed = parse_url(url)
        if parsed.port not in self._ports:
            ports = ", ".join(map(str, sorted(self._ports)))
            raise UrlInvalid(f"The port in the address is not one that is fetched from ({ports}).")
        return parsed

    def _named(self, page: Body, url: Url) -> Url:
        """The address of the picture that a page names, if it may be fetched."""
        named = picture_of_page(page.data, url, page.content_type)
        if named is None:
            raise ImageTypeUnsupported(f"This is a web page that names no picture. {_HINT}")
        if named == url:
            raise ImageTypeUnsupported(
                f"This is a web page that names itself as its picture. {_HINT}"
            )
        try:
            return self._parse(str(named))
        except UrlInvalid as error:
            raise FetchFailed("The page names a picture at an address not fetched.") from error

    def _follow(self, url: Url, deadline: Deadline, on_bytes: OnBytes) -> tuple[Url, Body]:
        """Follow redirects: the address that has a body, and the body."""
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(url, deadline, on_bytes)
            if isinstance(answer, Body):
                return url, answer
            url = self._redirected(url, answer)
        raise FetchFailed(f"The other server redirects more than {MAX_REDIRECTS} times.")

    def _redirected(self, url: Url, redirect: Redirect) -> Url:
        """The address that a redirect leads to, if it is allowed."""
        try:
            target = self._parse(str(join(url, redirect.location)))
        except UrlInvalid as error:
            raise FetchFailed("The other server redirects to an address not fetched.") from error
        if (url.scheme, target.scheme) == ("https", "http"):
            raise FetchFailed("The other server redirects from https to http.")
        return target

    def _request(self, url: Url, deadline: Deadline, on_bytes: OnBytes) -> Redirect | Body:
        """One request and its answer."""
        with self._connector.connection(url, deadline) as sock:
            connection = http.client.HTTPConnection(url.host, url.port)
            connection.sock = DeadlineSocket(sock, deadline, self._max_bytes + _OVERHEAD_BYTES)
            connection.putrequest("GET", url.target, skip_host=True)  # asks for `identity`
            connection.putheader("Host", url.authority)
            connection.putheader("User-Agent", self._agent)
            connection.putheader("Accept", "image/*,*/*;q=0.8")
            connection.putheader("Connection", "close")
            connection.endheaders()
            return read_response(connection.getresponse(), self._max_bytes, on_bytes)


@contextmanager
def _as_fetch_errors(deadline: Deadline) -> Iterator[None]:
    """Turn whatever sockets, TLS and http.client raise into a FetchError."""
    try:
        yield
    except (FetchError, ImageError):
        raise
    except TimeoutError:
        deadline.expire()
    except (OSError, http.client.HTTPException, ValueError) as error:
        deadline.left()
        raise FetchFailed("The other server refused, or its answer is broken.") from error
