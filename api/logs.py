"""Logs as lines of JSON on standard error; no query of an address is ever in them."""

import re
from typing import Any

from gunicorn import glogging
from pythonjsonlogger.json import JsonFormatter

_QUERY = re.compile(r"\?[^\s\"'<>]+")


class Formatter(JsonFormatter):
    """One line for each record: time, level, logger, process, message and the record's extras."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "process", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
            json_ensure_ascii=False,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Take queries out: a visitor's link and a key for a photo source are nobody's business."""
        for name, value in log_data.items():
            if isinstance(value, str) and "?" in value:
                log_data[name] = _QUERY.sub("?…", value)
        return log_data


class Logger(glogging.Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger without its access log: `api.observe` writes a line for each request."""

    def access(self, *_: Any) -> None:
        """Nothing."""


def configuration(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`: everything to standard error, from `level` on."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": Formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "json",
            }
        },
        "root": {"level": level.upper(), "handlers": ["stderr"]},
        # One job, one line: the handler is the root's.
        "loggers": {"gunicorn.error": {"level": level.upper(), "handlers": [], "propagate": True}},
    }
