"""Finds out a client's address, in whatever form the proxies in front report it.

Werkzeug's `ProxyFix` takes addresses as they are written; proxies add ports, brackets and zones, or
write `Forwarded`.
"""

import logging
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from flask import Flask, request, request_started

IPV6_PREFIX = 64
"""Bits of an IPv6 address that tell clients apart: whoever has one address has all of its /64."""

_log = logging.getLogger(__name__)


def client(environ: Mapping[str, Any], trusted: int) -> str:
    """The address or IPv6 network that requests of one client have in common.

    Where a proxy does not know or hides it (`unknown`, `_hidden`), that is the proxy itself.

    Args:
        environ: of the request (PEP 3333).
        trusted: proxies whose headers are believed; 0 for none.
    """
    reported = forwarded_for(environ)
    address = parse(reported[-trusted]) if 0 < trusted <= len(reported) else None
    address = address or parse(environ.get("REMOTE_ADDR") or "")
    if address is None:
        return "unix"
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return str(address)


def forwarded_for(environ: Mapping[str, Any]) -> list[str]:
    """What each proxy wrote of who came to it, the nearest last: X-Forwarded-For, else Forwarded.

    Split at commas, also within quotation marks: no address has one, and a quotation mark that a
    client leaves open must not swallow what the proxies add.
    """
    header = environ.get("HTTP_X_FORWARDED_FOR") or environ.get("HTTP_FORWARDED") or ""
    return [hop.strip() for hop in header.split(",")] if header.strip() else []


def parse(text: str) -> IPv4Address | IPv6Address | None:
    """The address that a proxy wrote; None if there is none.

    Understands ports, brackets, zones, quotation marks, elements of `Forwarded` (RFC 7239) and IPv4
    in IPv6.
    """
    for pair in text.split(";"):
        key, equals, value = pair.partition("=")
        if equals and key.strip().lower() == "for":
            text = value
    text = text.strip().strip("\"'").strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    host, _, _ = text.rpartition(":")
    address = _address(text) or _address(host)
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return address


def check_proxies(app: Flask, trusted: int) -> None:
    """Log a warning, once, where TRUSTED_PROXIES cannot be right for the requests of `app`."""

    @request_started.connect_via(app)
    def check(_: Flask) -> None:
        hops = len(forwarded_for(request.environ))
        if not hops and not trusted:
            return
        complaint = _complaint(trusted, hops, request.environ.get("REMOTE_ADDR") or "")
        if complaint:
            request_started.disconnect(check, app)
            _log.warning("TRUSTED_PROXIES=%d: %s", trusted, complaint)


def _complaint(trusted: int, hops: int, peer: str) -> str:
    """What is wrong with a request that passed so many proxies; empty if nothing is.

    Args:
        trusted: proxies that are believed.
        hops: addresses in X-Forwarded-For or Forwarded; each proxy adds one.
        peer: address of who connected; empty for a unix socket.
    """
    near = not peer or ip_address(peer).is_loopback
    if not trusted and hops and near:
        return "a proxy on this machine passes requests on; all its visitors count as one client."
    if 0 < hops < trusted:
        return f"only {hops} passed a request on; whoever adds one can pretend to be another."
    if trusted and not hops and not near:
        return "a request came without passing any; whoever sends one can pretend to be another."
    return ""
