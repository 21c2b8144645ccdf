"""A network in which every IP address leads to this machine, for tests from outside.

Linux's network and mount namespaces (root needed) give a process loopback alone. All of IPv4 and
IPv6 is routed to it, so that a canary that listens on every address sees whatever the service
dials, be it public or not. Two addresses belong to a public web server, one to a name server.
"""

import contextlib
import itertools
import shutil
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

PUBLIC_V4 = "93.184.216.34"
PUBLIC_V6 = "2606:2800:220:1::7"
NAME_SERVER = "127.0.0.53"
CANARY_PORTS = (80, 443, 8080, 22, 6379)

# Name -> the answer to A and AAAA queries; where there are several, they take turns.
NAMES: dict[str, list[list[str]]] = {
    "pub.example": [[PUBLIC_V4, PUBLIC_V6]],
    "a_b.pub.example": [[PUBLIC_V4]],
    "v4.example": [[PUBLIC_V4]],
    "v6.example": [[PUBLIC_V6]],
    "xn--bcher-kva.example": [[PUBLIC_V4]],
    "xn--r8jz45g.xn--zckzah": [[PUBLIC_V4]],
    "xn--i-7iq.example": [[PUBLIC_V4]],
    "loopback.example": [["127.0.0.1"]],
    "loopback6.example": [["::1"]],
    "private.example": [["10.0.0.5"]],
    "link-local.example": [["169.254.169.254"]],
    "carrier.example": [["100.64.0.1"]],
    "unique-local.example": [["fd00:ec2::254"]],
    "zero.example": [["0.0.0.0"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "nat64.example": [["64:ff9b::7f00:1"]],
    "6to4.example": [["2002:7f00:1::1"]],
    "teredo.example": [["2001:0:4136:e378:8000:63bf:80ff:fffe"]],
    "isatap.example": [["2606:2800:220:1:0:5efe:7f00:1"]],
    "site-local.example": [["fec0::1"]],
    "multicast.example": [["224.0.0.1"]],
    "broadcast.example": [["255.255.255.255"]],
    "azure.example": [["168.63.129.16"]],
    "public-and-private.example": [[PUBLIC_V4, "10.0.0.5"]],
    "private-and-public.example": [["127.0.0.1", PUBLIC_V4]],
    "public-and-loopback6.example": [[PUBLIC_V4, "::1"]],
    "rebind.example": [[PUBLIC_V4], ["127.0.0.1"]],
    "rebind-back.example": [["169.254.169.254"], [PUBLIC_V4]],
}
ALIASES = {"alias-inside.example": "private.example", "alias.example": "v4.example"}
SILENT = "silent.example"
"""Its name server never answers."""

_A, _CNAME, _AAAA = 1, 5, 28


def why_not() -> str:
    """Why such a network cannot be made here; empty if it can."""
    for tool in ("unshare", "ip", "mount"):
        if shutil.which(tool) is None:
            return f"no command {tool}"
    probe = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True)
    return probe.stderr.strip()


def set_up(folder: Path) -> None:
    """Make the network, in the namespaces of this process. Only after `unshare --net --mount`."""
    for command in (
        "ip link set lo up",
        "ip route add local 0.0.0.0/0 dev lo",
        "ip -6 route add local ::/0 dev lo",
        f"ip addr add {PUBLIC_V4}/32 dev lo",
        f"ip addr add {PUBLIC_V6}/128 dev lo nodad",
    ):
        subprocess.run(command.split(), check=True)
    for name, text in (
        ("resolv.conf", f"nameserver {NAME_SERVER}\n"),
        ("hosts", "127.0.0.1 localhost\n::1 localhost\n"),
    ):
        (folder / name).write_text(text)
        subprocess.run(["mount", "--bind", folder / name, f"/etc/{name}"], check=True)


class Canary:
    """Listens on every address where no other server does, and records each connection."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        """address:port of every connection so far."""
        for port, family in itertools.product(CANARY_PORTS, (socket.AF_INET, socket.AF_INET6)):
            listener = socket.socket(family)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind(("", port))
            listener.listen(64)
            threading.Thread(target=self._listen, args=(listener,), daemon=True).start()

    def _listen(self, listener: socket.socket) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                address, port, *_ = connection.getsockname()
                self.seen.append(f"{address}:{port}")
                with contextlib.suppress(OSError):
                    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nsecret")


class NameServer:
    """Answers A and AAAA queries from `NAMES`, with a time to live of 0."""

    def __init__(self) -> None:
        self._turns = {name: itertools.cycle(answers) for name, answers in NAMES.items()}
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((NAME_SERVER, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            answer = self._answer(query)
            if answer:
                self._socket.sendto(answer, client)

    def _answer(self, query: bytes) -> bytes | None:
        labels, position = [], 12
        while length := query[position]:
            labels.append(query[position + 1 : position + 1 + length].decode().lower())
            position += 1 + length
        name, (kind,) = ".".join(labels), struct.unpack_from(">H", query, position + 1)
        question = query[12 : position + 5]
        if name == SILENT:
            return None
        records = list(self._records(name, kind))
        known = name in NAMES or name in ALIASES
        flags = 0x8180 if known else 0x8183  # NXDOMAIN
        head = struct.pack(">HHHHHH", *struct.unpack(">H", query[:2]), flags, 1, len(records), 0, 0)
        return head + question + b"".join(records)

    def _records(self, name: str, kind: int) -> Iterator[bytes]:
        owner = b"\xc0\x0c"
        if name in ALIASES:
            name = ALIASES[name]
            target = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
            yield owner + struct.pack(">HHIH", _CNAME, 1, 0, len(target) + 1) + target + b"\0"
            owner = target + b"\0"
        addresses = [ip_address(text) for text in self._turn(name, kind)]
        for address in addresses:
            if (address.version == 4) == (kind == _A):
                packed = address.packed
                yield owner + struct.pack(">HHIH", kind, 1, 0, len(packed)) + packed

    def _turn(self, name: str, kind: int) -> list[str]:
        if name not in NAMES or kind not in (_A, _AAAA):
            return []
        # A and AAAA are asked for together: the A query turns to the next answer.
        return next(self._turns[name]) if kind == _A else NAMES[name][0]
