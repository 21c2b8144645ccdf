"""Formats logs as lines of JSON on standard error; no query of an address is ever in them."""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from gunicorn import glogging

_encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
_QUERY = re.compile(r"\?[^\s\"'<>]+")
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime"}


class Formatter(logging.Formatter):
    """One line for each record: time, level, logger, process, message and the record's extras.

    Written out here, since every request pays for it: a library for it took three times as long.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = value
        if record.exc_info:
            line["exc_info"] = self.formatException(record.exc_info)
        line["time"] = datetime.fromtimestamp(record.created, UTC).isoformat()
        # Without queries: a visitor's link and a key for a photo source are nobody's business.
        for name, value in line.items():
            if isinstance(value, str) and "?" in value:
                line[name] = _QUERY.sub("?…", value)
        return _encode(line)


class NoClientTimeouts(logging.Filter):
    """Leaves out that a silent client was disconnected: gunicorn logs it as an error of ours.

    A blocking socket raises `BlockingIOError` when its time limit is over (`api.gunicorn_conf`).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return not isinstance(error, BlockingIOError)


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger without its access log: `request_log` writes a line for each request."""

    def access(self, *_: Any) -> None:
        """Nothing."""


def configuration(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to standard error, from `level` on."""
    stderr = {
        "class": "logging.StreamHandler",
        "stream": "ext://sys.stderr",
        "formatter": "json",
        "filters": ["no_client_timeouts"],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Formatter}},
        "filters": {"no_client_timeouts": {"()": NoClientTimeouts}},
        "handlers": {"stderr": stderr},
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        # gunicorn would give it a handler of its own: each line would be there twice.
        "loggers": {"gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True}},
    }
