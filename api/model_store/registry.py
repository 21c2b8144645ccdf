"""The models a worker serves: every folder of MODEL_DIR, loaded and verified, found by name."""

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.model_store.state_dir import Outcome, StateDir, relabel_errors
from api.settings import Settings
from api.telemetry import metrics
from common.allocator import return_free_memory
from common.card import Precision, model_folders
from common.classifier import Classifier
from common.errors import ModelError, ModelNotFound

LOOK_S = 0.2
"""Seconds between two looks for a new generation."""

_log = logging.getLogger(__name__)


class Registry:
    """Models by name. Loading raises `ModelError`, and then there is no registry."""

    def __init__(self, model_dir: Path, default: str, precision: Precision | None = None) -> None:
        self._models: dict[str, Classifier] = {}
        for folder in model_folders(model_dir):
            classifier = Classifier.load(folder, precision=precision)
            name = classifier.card.name
            if name in self._models:
                raise ModelError(f"Model folder {folder}: a model named {name} is already there.")
            self._models[name] = classifier
        if default not in self._models:
            raise ModelError(
                f"DEFAULT_MODEL={default}: there is no such model in {model_dir}, only "
                f"{', '.join(self._models)}."
            )
        self.default = default

    def get(self, name: str | None) -> Classifier:
        """The model of that name, or the default one.

        Raises:
            ModelNotFound: there is no such model.
        """
        try:
            return self._models[name or self.default]
        except KeyError:
            known = ", ".join(self._models)
            raise ModelNotFound(f"There is no model of that name; there is {known}.") from None

    def __iter__(self) -> Iterator[Classifier]:
        return iter(self._models.values())


class ModelStore:
    """The registry that is served now; exchanged as a whole when a reload publishes a new one.

    Args:
        settings: MODEL_DIR and DEFAULT_MODEL.
        state: where reloads are published; None for models that stay what they are.

    Raises:
        ModelError: a model folder that cannot be served.
    """

    def __init__(self, settings: Settings, state: StateDir | None = None) -> None:
        self._settings = settings
        if state is None:
            self.current = Registry(settings.model_dir, settings.default_model, settings.precision)
            return
        self._state = state
        self._generation = state.generation
        while True:
            try:
                self.current = self._load(self._generation)
                break
            except ModelError:
                if self._generation == state.generation:
                    raise
                self._generation = state.generation  # replaced while it was read

    def watch(self) -> None:
        """Report that this worker is ready, and exchange its models at each reload from now on."""
        self._state.report(self._generation)
        _count(self.current, 1)
        threading.Thread(target=self._watch, name="reload", daemon=True).start()

    def _load(self, generation: int) -> Registry:
        folder = self._state.models(generation)
        with relabel_errors(self._settings.model_dir, folder):
            return Registry(folder, self._settings.default_model, self._settings.precision)

    def _watch(self) -> None:
        """Look for new generations: load and verify beside the old models, then exchange them.

        Requests in flight end with the models they began with, which are then forgotten.
        """
        while True:
            time.sleep(LOOK_S)
            generation = self._state.generation
            if generation == self._generation:
                continue
            self._generation = generation  # one that fails here is not tried again
            try:
                fresh = self._load(generation)
            except Exception:
                _log.exception("generation %d cannot be loaded: the one before stays", generation)
                continue
            before, self.current = self.current, fresh
            _count(before, 0)
            _count(fresh, 1)
            self._state.report(generation)
            del before, fresh
            time.sleep(LOOK_S)  # most requests that began with the old models are over
            return_free_memory()  # or each reload would take some more


class ReloadMetrics(Collector):
    """How reloads went, from the file that the process of each writes at its end."""

    def __init__(self, state: StateDir) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        last = self._state.outcome or Outcome(self._state.generation, ended=0.0)
        reloads = Metric("dogorcat_reloads", "Reloads by how they ended.", "counter")
        reloads.add_sample("dogorcat_reloads_total", {"outcome": "accepted"}, last.accepted)
        reloads.add_sample("dogorcat_reloads_total", {"outcome": "refused"}, last.refused)
        yield reloads
        yield GaugeMetricFamily(
            "dogorcat_last_reload_timestamp_seconds",
            "When the last reload ended; 0 if there was none.",
            last.ended,
        )
        refused = GaugeMetricFamily(
            "dogorcat_last_reload_refused",
            "1 while the last reload was one that was refused, with the reason.",
            labels=("reason",),
        )
        refused.add_metric((last.reason or "",), float(bool(last.reason)))
        yield refused


def _count(registry: Registry, workers: int) -> None:
    for model in registry:
        labels = (model.card.name, model.card.version)
        metrics.MODEL_WORKERS.labels(*labels).set(workers)
        metrics.MODEL_LOADED.labels(*labels).set(workers and time.time())
