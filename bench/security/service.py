"""A service to attack, with a small model, and how it is asked."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from support.colour_model import write_colour_model
from support.running import RunningService, running_service


@contextmanager
def open_service(**settings: object) -> Iterator[RunningService]:
    """A service in two processes without a rate limit, with these settings."""
    with tempfile.TemporaryDirectory() as folder:
        write_colour_model(Path(folder) / "models" / "cat_dog", side=224)
        defaults = {
            "MODEL_DIR": Path(folder) / "models",
            "WEB_CONCURRENCY": 2,
            "RATE_LIMIT": "1000000 per minute",
        }
        with running_service(Path(folder), **defaults | settings) as service:
            yield service


def classify(service: RunningService, data: bytes) -> requests.Response:
    """Its answer to an uploaded picture."""
    return requests.post(
        f"{service.url}/api/v1/classify",
        data=data,
        headers={"Content-Type": "image/jpeg"},
        timeout=120,
    )
