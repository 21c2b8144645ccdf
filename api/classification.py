"""The work behind the endpoints: fetch, decode, infer, and say how long each took."""

import base64
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import numpy as np
from flask import g, has_app_context
from numpy.typing import NDArray

from api import memory_budget, schemas
from api.compute_queue import Lane
from api.deadline import Deadline
from api.desk import Desk
from api.errors import Problem
from api.model_store.registry import Models, Registry
from api.model_store.state_dir import Runtime
from api.photos import Photo, PhotoSources
from api.ratelimit.limiter import in_memory
from api.settings import Settings
from api.telemetry import request_log
from common import images
from common.classifier import Classifier, Prediction
from common.cpus import usable_cpus
from common.errors import ImageTooLarge
from common.fetch.fetcher import Fetcher
from common.golden import draw

SPARE_TURNS = 1
"""Pictures computed at a time besides one for each CPU: a thread that has decoded or inferred waits
for the interpreter's lock while others are refused, and the CPU would wait with it."""
WAITING_PER_WORKER = 32
"""Pictures that may wait for a CPU: a third of a second of work, so no one waits longer."""
SWITCH_S = 0.002
"""Longest time that a thread keeps the interpreter's lock while others want it; Python's own 5 ms
are half a picture."""

ANY = "any"

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """What one worker holds for all of its requests."""

    settings: Settings
    models: Models
    fetcher: Fetcher
    photos: PhotoSources
    lane: Lane
    desk: Desk

    @classmethod
    def start(cls, settings: Settings, runtime: Runtime | None = None) -> "Service":
        """Load and warm up the models and the decoder.

        Args:
            settings: of the service.
            runtime: where reloads are published; None for a service without them.

        Raises:
            ModelError: a model folder that cannot be served.
        """
        sys.setswitchinterval(SWITCH_S)
        fetcher = Fetcher(
            timeout_s=settings.fetch_timeout_s,
            max_bytes=settings.max_upload_mb * 2**20,
            concurrency=settings.fetch_concurrency,
            allowed_ports=settings.fetch_allowed_ports,
            allowed_networks=settings.fetch_allowed_networks,
            on_bytes=memory_budget.fetched,
        )
        images.preview(images.encode(draw(8, 8)["disc"]))  # Pillow loads its codecs on first use
        cpus = max(1, usable_cpus() // settings.web_concurrency)
        lane = Lane(width=cpus + SPARE_TURNS, waiting=WAITING_PER_WORKER)
        return cls(
            settings=settings,
            models=Models(settings, runtime),
            fetcher=fetcher,
            photos=PhotoSources(settings, fetcher),
            lane=lane,
            # Redis would have to be waited for, and with it all connections.
            desk=Desk(lane, is_open=cpus == 1 and in_memory(settings.rate_limit_storage_url)),
        )

    @property
    def registry(self) -> Registry:
        """The models; a request keeps those it began with, whatever is reloaded meanwhile."""
        if not has_app_context():
            return self.models.now
        registry: Registry | None = g.get("registry")
        if registry is None:
            g.registry = registry = self.models.now
        return registry

    @property
    def max_bytes(self) -> int:
        """Bytes of the largest picture."""
        return self.settings.max_upload_mb * 2**20

    def deadline(self) -> Deadline:
        """The deadline of a request that begins now."""
        return Deadline(self.settings.request_timeout_s)

    def classify(
        self, source: bytes | str, options: schemas.ResultQuery, deadline: Deadline
    ) -> schemas.Result:
        """Classify a picture given by its bytes or its address.

        Raises:
            ImageError, FetchError, ModelNotFound: see `common.errors`.
            Problem: `overloaded` or `deadline_exceeded`.
        """
        self.registry.get(options.model)  # nothing is fetched for a model that is not there
        data, fetch_ms = self.load(source, deadline)
        with self.lane.place():
            return self.infer(data, fetch_ms, options, deadline)

    def load(self, source: bytes | str, deadline: Deadline) -> tuple[bytes, float]:
        """The bytes of a picture, and the milliseconds that fetching them took.

        Raises:
            FetchError, ImageTooLarge: see `common.errors`.
        """
        if isinstance(source, str):
            return _timed("fetch", self._fetch, source, deadline)
        if len(source) > self.max_bytes:
            limit = self.settings.max_upload_mb
            raise ImageTooLarge(f"The picture is larger than the {limit} MB that are accepted.")
        return source, 0.0

    def infer(
        self, data: bytes, fetch_ms: float, options: schemas.ResultQuery, deadline: Deadline
    ) -> schemas.Result:
        """Decode a picture and ask the model, for a caller that has a place in the lane.

        Raises:
            ImageError, ModelNotFound: see `common.errors`.
            Problem: `deadline_exceeded`.
        """
        model = self.registry.get(options.model)
        if options.preview or (options.explain and not model.card.outputs.maps):
            self.desk.leave()  # it takes another decoding, or dozens of inferences
        wait = request_log.waiting()
        try:
            with wait:
                self.lane.wait(deadline)
                self.desk.pause()
            try:
                picture, decode_ms = _timed(
                    "decode", images.load_image, data, model.target, on_slow=self.desk.leave
                )
                with wait:
                    self.desk.pause()
                (prediction,), inference_ms = _timed(
                    "inference", model.predict, picture.pixels[np.newaxis], explain=options.explain
                )
                preview = images.preview(data) if options.preview else None
            finally:
                self.lane.go()
            with wait:
                self.desk.pause()
        except Exception:
            wait.over()
            raise
        wait.over()
        request_log.verdict(model.card.name, prediction.verdict)
        timing = schemas.Timing(fetch=fetch_ms, decode=decode_ms, inference=inference_ms)
        facts = schemas.ImageFacts(
            format=picture.format, width=picture.width, height=picture.height, bytes=len(data)
        )
        return _result(model, prediction, facts, timing, preview, options)

    def random_photo(self, subject: str, model: str | None) -> tuple[Photo, bytes]:
        """A photo nobody chose, of a label of that model or of `any`.

        Raises:
            PhotoSourceUnavailable, ModelNotFound: see `common.errors`.
            Problem: `invalid_request` for a subject that is no label.
        """
        card = self.registry.get(model).card
        if subject not in (ANY, *card.labels):
            known = ", ".join((ANY, *card.labels))
            raise Problem("invalid_request", f"The subject must be one of {known}.")
        words = {label: card.search_words.get(label, label) for label in card.labels}
        with request_log.stage("fetch"):
            return self.photos.random(words, subject)

    def _fetch(self, url: str, deadline: Deadline) -> bytes:
        timeout = min(self.settings.fetch_timeout_s, deadline.remaining())
        return self.fetcher.fetch(url, timeout_s=timeout)


def _result(
    model: Classifier,
    prediction: Prediction,
    facts: schemas.ImageFacts,
    timing: schemas.Timing,
    preview: bytes | None,
    options: schemas.ResultQuery,
) -> schemas.Result:
    extras: dict[str, Any] = {}  # only what was asked for is part of the answer
    if prediction.heatmap is not None:
        extras["heatmap"] = _grid(prediction.heatmap)
    if prediction.heatmaps:
        extras["heatmaps"] = {label: _grid(map) for label, map in prediction.heatmaps.items()}
    if preview is not None:
        extras["preview"] = "data:image/jpeg;base64," + base64.b64encode(preview).decode("ascii")
    return schemas.Result(
        verdict=prediction.verdict,
        present=prediction.present,
        predictions=tuple(
            schemas.ScoredLabel(label=label, score=min(round(score, 6), 1.0))
            for label, score in islice(prediction.scores.items(), options.top)
            if score >= options.min_score
        ),
        familiarity=None if prediction.familiarity is None else round(prediction.familiarity, 4),
        model=schemas.ModelRef(name=model.card.name, version=model.card.version),
        image=facts,
        timing_ms=timing,
        **extras,
    )


def _grid(heatmap: NDArray[np.float32]) -> list[list[float]]:
    found: list[list[float]] = np.round(heatmap.astype(float), 4).tolist()
    return found


def _timed(stage: str, work: Callable[..., T], *args: object, **kwargs: object) -> tuple[T, float]:
    """The result of a stage of the work, and the milliseconds it took."""
    with request_log.stage(stage) as timed:
        result = work(*args, **kwargs)
    return result, round(timed.seconds * 1000, 2)
