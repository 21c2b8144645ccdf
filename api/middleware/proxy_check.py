"""Says so, once, where TRUSTED_PROXIES cannot be right for the requests that come."""

import logging
from ipaddress import ip_address

from flask import Flask, request, request_started

from api.ratelimit.client_address import forwarded_for
from api.settings import Settings

_log = logging.getLogger(__name__)


def register(app: Flask, settings: Settings) -> None:
    """Look at the requests of `app` until there is something to say."""
    trusted = settings.trusted_proxies

    @request_started.connect_via(app)
    def look(_: Flask) -> None:
        hops = len(forwarded_for(request.environ))
        if not hops and not trusted:
            return
        complaint = _complaint(trusted, hops, request.environ.get("REMOTE_ADDR") or "")
        if complaint:
            request_started.disconnect(look, app)
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
