"""Checks, before anything is started, that the service can listen, and to how many clients."""

import errno
import os
import resource
import socket
from pathlib import Path

from api.settings import UNIX, Settings, SettingsError

SPARE_FILES = 256
"""Open files of a worker that are no clients' connections: fetches, models, metrics."""


def check(settings: Settings) -> None:
    """Try the address; a socket that was handed over by systemd needs no try.

    Raises:
        SettingsError: in use, not of this machine, or in a folder that cannot be written.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()):
        return
    if settings.host.startswith(UNIX):
        _check_path(settings.host, Path(settings.host.removeprefix(UNIX)))
        return
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.port))
        except OSError as error:
            where = f"HOST={settings.host}, PORT={settings.port}"
            if error.errno == errno.EADDRINUSE:
                raise SettingsError(f"{where}: another program listens there.") from None
            raise SettingsError(f"{where}: nobody can listen there ({error.strerror}).") from None


def _check_path(host: str, path: Path) -> None:
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise SettingsError(f"HOST={host}: the folder is not there or cannot be written.")
    if not path.exists():
        return
    if not path.is_socket():
        raise SettingsError(f"HOST={host}: there is a file of that name that is no socket.")
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return  # left behind by a service that was killed; gunicorn replaces it
    raise SettingsError(f"HOST={host}: another program listens there.")


def connections(wanted: int) -> int:
    """How many connections a worker can hold: as many as wanted, if the system lets it."""
    needed, unlimited = wanted + SPARE_FILES, resource.RLIM_INFINITY
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files != unlimited and files < needed:
        files = needed if most == unlimited else min(needed, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    return wanted if files == unlimited else max(1, min(wanted, files - SPARE_FILES))
