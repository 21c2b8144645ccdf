"""A fetcher for servers on this machine."""

from ipaddress import ip_network
from typing import Any

from common.fetch.fetcher import Fetcher
from support.raw_server import RawServer

PATIENCE_S = 60


def fetcher(*servers: RawServer, **changes: Any) -> Fetcher:
    """A fetcher that may connect to the ports of these servers; `changes` are of its settings."""
    settings: dict[str, Any] = {
        "timeout_s": PATIENCE_S,
        "max_bytes": 100_000,
        "concurrency": 8,
        "allowed_ports": [server.port for server in servers],
        "allowed_networks": [ip_network("127.0.0.0/8")],
    }
    return Fetcher(**settings | changes)
