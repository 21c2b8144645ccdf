"""Does the work behind the endpoints: fetch, decode and infer, with the time that each took."""

import base64
import sys
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from api.compute_queue import ComputeQueue
from api.context import RequestContext
from api.errors import Problem
from api.feedback import FeedbackStore
from api.model_store.registry import ModelStore
from api.model_store.state_dir import StateDir
from api.photos import ANY, Photo, PhotoSources
from api.schemas import answers, requests
from api.settings import Settings
from common import images
from common.allocator import return_large_blocks
from common.cpus import usable_cpus
from common.errors import FetchFailed, ImageTooLarge, ModelNotFound
from common.fetch.fetcher import Fetched, Fetcher
from common.images import WHOLE, Region
from common.model.classifier import Classifier
from common.model.golden import draw
from common.model.prediction import NEITHER, Prediction

WAITING_PER_WORKER = 32
"""Pictures that may wait for a CPU: a third of a second of work, so no one waits longer."""
SWITCH_S = 0.002
"""Longest time that a thread keeps the interpreter's lock while others want it, in seconds;
Python's default of 5 ms is about as long as a picture takes."""


@dataclass(frozen=True)
class Loaded:
    """A picture that can be decoded."""

    data: bytes
    region: Region
    """The part of it that is classified."""
    source: answers.Source | None = None
    """Where it was fetched; None for an upload."""
    fetch_ms: float = 0.0


@dataclass(frozen=True)
class Service:
    """What one worker holds for all of its requests."""

    settings: Settings
    models: ModelStore
    fetcher: Fetcher
    photos: PhotoSources
    queue: ComputeQueue
    state: StateDir | None = None
    """Where reloads are published; None for a service without them."""
    feedback: FeedbackStore | None = None
    """Where photos that visitors give are kept; None where feedback is off."""

    @classmethod
    def start(cls, settings: Settings, state: StateDir | None = None) -> "Service":
        """Load and warm up the models and the decoder.

        Raises:
            ModelError: a model folder that cannot be served.
            SettingsError: a source of photos that cannot be used.
        """
        sys.setswitchinterval(SWITCH_S)
        return_large_blocks()
        fetcher = Fetcher(
            timeout_s=settings.fetch_timeout_s,
            max_bytes=settings.max_upload_bytes,
            concurrency=settings.fetch_concurrency,
            allowed_ports=settings.fetch_allowed_ports,
            allowed_networks=settings.fetch_allowed_networks,
            contact=settings.contact,
        )
        images.preview(images.encode(draw(8, 8)["disc"]))  # Pillow loads its codecs on first use
        cpus = max(1, round(usable_cpus() / settings.web_concurrency))
        return cls(
            settings=settings,
            models=ModelStore(settings, state),
            fetcher=fetcher,
            photos=PhotoSources(settings),
            queue=ComputeQueue(width=cpus, waiting=WAITING_PER_WORKER),
            state=state,
            feedback=FeedbackStore.of(settings),
        )

    def model(self, name: str | None) -> Classifier:
        """The model that is served under a name now; the default one for None.

        Raises:
            ModelNotFound: there is no such model.
        """
        served = self.models.current
        try:
            return served[name or self.settings.default_model]
        except KeyError:
            known = ", ".join(served)
            raise ModelNotFound(f"There is no model of that name; there is {known}.") from None

    def classify(
        self,
        source: bytes | str,
        model: Classifier,
        options: requests.ResultQuery,
        context: RequestContext,
        region: Region = WHOLE,
    ) -> answers.Result:
        """Classify a picture, or a region of it, given by its bytes or its address.

        Raises:
            ImageError, FetchError: see `common.errors`.
            Problem: `overloaded` or `deadline_exceeded`.
        """
        loaded = self.load(source, context, region)
        with self.queue.admit():
            return self.infer(loaded, model, options, context)

    def load(self, source: bytes | str, context: RequestContext, region: Region = WHOLE) -> Loaded:
        """The bytes of a picture that was uploaded, or that a link leads to.

        Raises:
            FetchError, ImageTooLarge, ImageTypeUnsupported: see `common.errors`.
        """
        if isinstance(source, str):
            with context.stage("fetch") as fetching:
                fetched = self._fetch(source, context)
            found = answers.Source(url=fetched.url, page=fetched.page)
            return Loaded(fetched.data, region, found, fetching.ms)
        if len(source) > self.settings.max_upload_bytes:
            limit = self.settings.max_upload_mb
            raise ImageTooLarge(f"The picture is larger than the {limit} MB that are accepted.")
        return Loaded(source, region)

    def infer(
        self,
        loaded: Loaded,
        model: Classifier,
        options: requests.ResultQuery,
        context: RequestContext,
    ) -> answers.Result:
        """Decode a picture and ask the model, for a request that the queue has admitted.

        Raises:
            ImageError: see `common.errors`.
            Problem: `deadline_exceeded`.
        """
        with context.stage("wait"):
            self.queue.acquire(context.deadline)
        try:
            with context.stage("decode") as decoding:
                picture = images.load_image(loaded.data, model.target, loaded.region)
            with context.stage("inference") as inference:
                pixels = picture.pixels[np.newaxis]
                (prediction,) = model.predict(pixels, explain=options.explain)
            preview = None
            if options.preview:
                preview = images.preview(loaded.data, region=loaded.region)
        finally:
            self.queue.release()
        card, familiarity = model.card, prediction.familiarity
        context.verdicts.append((card.name, prediction.verdict))
        return answers.Result(
            verdict=prediction.verdict,
            present=prediction.present,
            predictions=tuple(
                answers.ScoredLabel(label=label, score=min(round(score, 6), 1.0))
                for label, score in islice(prediction.scores.items(), options.top)
                if score >= options.min_score
            ),
            familiarity=None if familiarity is None else round(familiarity, 4),
            model=answers.ModelRef(name=card.name, version=card.version),
            image=answers.ImageFacts(
                format=picture.format,
                width=picture.width,
                height=picture.height,
                bytes=len(loaded.data),
            ),
            timing_ms=answers.Timing(
                fetch=loaded.fetch_ms, decode=decoding.ms, inference=inference.ms
            ),
            **_extras(prediction, preview, loaded.source),
        )

    def rewrite(self, data: bytes, context: RequestContext) -> bytes:
        """The picture encoded again, as a JPEG of at most 640 pixels without metadata.

        Raises:
            ImageError: see `common.errors`.
            Problem: `overloaded` or `deadline_exceeded`.
        """
        with self.queue.admit():
            self.queue.acquire(context.deadline)
            try:
                return images.preview(data)
            finally:
                self.queue.release()

    def random_photo(
        self, subject: str, model: Classifier, context: RequestContext
    ) -> tuple[Photo, bytes]:
        """A random photo: of a label of that model, of `any`, or of `neither`.

        Raises:
            PhotoSourceUnavailable, FetchBusy: see `common.errors`.
            Problem: `invalid_request` for a subject that is none of these.
        """
        card = model.card
        subjects = (ANY, *card.labels, NEITHER)
        if subject not in subjects:
            known = ", ".join(subjects)
            raise Problem("invalid_request", f"The subject must be one of {known}.")
        words = {label: card.search_words.get(label, label) for label in card.labels}

        def fetch(url: str) -> bytes:
            fetched = self._fetch(url, context)
            if fetched.page is not None:
                raise FetchFailed("The photo is gone; a page was sent.")
            return fetched.data

        with context.stage("fetch"):
            return self.photos.random(words, subject, fetch)

    def _fetch(self, url: str, context: RequestContext) -> Fetched:
        return self.fetcher.fetch(
            url, timeout_s=context.deadline.remaining(), on_bytes=context.budget.take
        )


def _extras(
    prediction: Prediction, preview: bytes | None, source: answers.Source | None
) -> dict[str, Any]:
    """The members of a result that are there only if they were asked for, or say something."""
    extras: dict[str, Any] = {}
    if source is not None:
        extras["source"] = source
    if prediction.turn or prediction.box:
        region = prediction.box and tuple(round(share, 4) for share in prediction.box)
        extras["look"] = answers.Look(turned=90 * prediction.turn, region=region)
    if prediction.heatmap is not None:
        extras["heatmap"] = _grid(prediction.heatmap)
    if prediction.heatmaps:
        extras["heatmaps"] = {label: _grid(map) for label, map in prediction.heatmaps.items()}
    if preview is not None:
        extras["preview"] = "data:image/jpeg;base64," + base64.b64encode(preview).decode("ascii")
    return extras


def _grid(heatmap: NDArray[np.float32]) -> list[list[float]]:
    found: list[list[float]] = np.round(heatmap.astype(float), 4).tolist()
    return found
