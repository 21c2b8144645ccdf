"""Where the CPU time of one request goes: `python -m bench.stages`. Half a minute.

The same photo takes roads that differ by one step, in turns, in one thread; a stage costs what the
medians differ by. What gunicorn and the socket cost on top, `bench.serving` shows.
"""

import io
import logging
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
from flask import Flask, request
from PIL import Image

from api.app import create_app
from api.settings import Settings
from bench import load, photos
from common import images
from common.classifier import Classifier
from common.resize import resize

TURNS = 150
MODEL = Path("models/cat_dog")


def main() -> None:
    logging.disable()
    photo = photos.small(1).files[0]
    model = Classifier.load(MODEL)
    app = create_app(Settings(model_dir=MODEL.parent, rate_limit="1000000 per second"))
    service, bare = app.test_client(), _bare(model).test_client()
    pixels = images.decode(photo, model.target)[np.newaxis]

    with Image.open(io.BytesIO(photo)) as image:
        size = image.size

    def decoded() -> Image.Image:
        return Image.frombytes("RGB", size, photo, "jpeg", ("RGB", "", 1, 0))

    def raw(client: object, path: str) -> Callable[[], object]:
        return lambda: client.post(path, data=photo, content_type="image/jpeg")  # type: ignore[attr-defined]

    body, headers = load.multipart(photo)

    def form() -> object:
        return service.post("/api/v1/classify", data=body, headers=headers)

    roads: dict[str, Callable[[], object]] = {
        "decode": decoded,
        "resize": lambda: resize(decoded(), model.target[::-1]),
        "read": lambda: images.read(photo, model.target),
        "run": lambda: model.run(pixels, [model.card.outputs.scores]),
        "predict": lambda: model.predict(pixels),
        "both": lambda: model.predict(images.decode(photo, model.target)[np.newaxis]),
        "bare": raw(bare, "/"),
        "service": raw(service, "/api/v1/classify"),
        "form": form,
    }
    spent: dict[str, list[float]] = {name: [] for name in roads}
    for _ in range(TURNS):
        for name, road in roads.items():
            start = time.thread_time()
            road()
            spent[name].append(time.thread_time() - start)
    us = {name: 1e6 * median(times) for name, times in spent.items()}
    stages = {
        "JPEG decoding": us["decode"],
        "resize": us["resize"] - us["decode"],
        "look at the header, checks, array": us["read"] - us["resize"],
        f"inference, {model.precision}": us["run"],
        "scores to a prediction": us["predict"] - us["run"],
        "Flask (and its test client)": us["bare"] - us["both"],
        "validation, limits, metrics, headers, JSON": us["service"] - us["bare"],
        "multipart form instead of a raw body": us["form"] - us["service"],
        "all": us["form"],
    }
    for name, value in stages.items():
        print(f"{name:44} {value:7.0f} µs")


def _bare(model: Classifier) -> Flask:
    """Flask with nothing but the work."""
    app = Flask(__name__)

    @app.post("/")
    def classify() -> dict[str, object]:
        picture = images.read(request.get_data(), model.target)
        (said,) = model.predict(picture.pixels[np.newaxis])
        return {"verdict": said.verdict, "scores": said.scores}

    return app


if __name__ == "__main__":
    main()
