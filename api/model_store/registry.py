"""Loads and verifies every model folder of MODEL_DIR, and exchanges the models at a reload."""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.model_store.state_dir import Outcome, StateDir, relabel_errors
from api.settings import Settings
from api.telemetry import metrics
from common.allocator import return_free_memory
from common.errors import ModelError
from common.model.card import model_folders
from common.model.classifier import Classifier

POLL_S = 0.2
"""Seconds after which a worker looks for a new generation again."""

_log = logging.getLogger(__name__)


Models = Mapping[str, Classifier]
"""name -> model"""


def load_models(model_dir: Path, settings: Settings) -> Models:
    """Load and verify every model folder.

    Args:
        model_dir: MODEL_DIR, or a copy of it.
        settings: DEFAULT_MODEL, which must be among them, and PRECISION.

    Raises:
        ModelError: a model folder that cannot be served.
    """
    found: dict[str, Classifier] = {}
    for folder in model_folders(model_dir):
        classifier = Classifier.load(folder, precision=settings.precision)
        name = classifier.card.name
        if name in found:
            raise ModelError(f"Model folder {folder}: a model named {name} is already there.")
        found[name] = classifier
    if settings.default_model not in found:
        raise ModelError(
            f"DEFAULT_MODEL={settings.default_model}: there is no such model in {model_dir}, only "
            f"{', '.join(found)}."
        )
    return found


class ModelStore:
    """The models that are served now; exchanged together when a reload publishes new ones.

    Args:
        settings: MODEL_DIR, DEFAULT_MODEL and PRECISION.
        state: where reloads are published; None for models that stay what they are.

    Raises:
        ModelError: a model folder that cannot be served.
    """

    def __init__(self, settings: Settings, state: StateDir | None = None) -> None:
        self._settings = settings
        if state is None:
            self.current = load_models(settings.model_dir, settings)
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

    def _load(self, generation: int) -> Models:
        folder = self._state.models(generation)
        with relabel_errors(self._settings.model_dir, folder):
            return load_models(folder, self._settings)

    def _watch(self) -> None:
        """Look for new generations: load and verify beside the old models, then exchange them.

        Requests in flight end with the models they began with, which are then forgotten.
        """
        while True:
            time.sleep(POLL_S)
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
            time.sleep(POLL_S)  # most requests that began with the old models are over
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


def _count(models: Models, workers: int) -> None:
    for model in models.values():
        labels = (model.card.name, model.card.version)
        metrics.MODEL_WORKERS.labels(*labels).set(workers)
        metrics.MODEL_LOADED.labels(*labels).set(workers and time.time())
