"""Counts for Prometheus (GET /metrics), over all workers.

Labels have few values whatever visitors send: rules of routes, not paths; known methods; codes.
The workers' values are files below RUNTIME_DIR, which must be named in PROMETHEUS_MULTIPROC_DIR
before this module is imported; without it (no gunicorn) they are those of this process.
"""

import os
from collections.abc import Iterable
from functools import partial

from flask import Flask, Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

STAGES = ("fetch", "wait", "decode", "inference")
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_own = CollectorRegistry()
_counter = partial(Counter, registry=_own)
_histogram = partial(Histogram, buckets=SECONDS, registry=_own)
_gauge = partial(Gauge, multiprocess_mode="livesum", registry=_own)

REQUESTS = _counter(
    "dogorcat_requests_total", "Requests that were answered.", ("method", "route", "code")
)
REQUEST_SECONDS = _histogram(
    "dogorcat_request_seconds", "Time from the headers of a request to its answer.", ("route",)
)
STAGE_SECONDS = _histogram(
    "dogorcat_stage_seconds",
    "Time of a picture by stage: fetch, wait (for a CPU), decode, inference.",
    ("stage",),
)
IN_FLIGHT = _gauge("dogorcat_requests_under_way", "Requests that are being answered.")
WAITING = _gauge("dogorcat_pictures_waiting", "Pictures that wait for a CPU.")
WORKERS = _gauge("dogorcat_workers", "Workers that serve.")
VERDICTS = _counter("dogorcat_verdicts_total", "Pictures by verdict.", ("model", "label"))
FEEDBACK = _counter(
    "dogorcat_feedback_total",
    "What visitors said is on a picture, and what the answer had said.",
    ("model", "label", "verdict"),
)
REFUSED = _counter(
    "dogorcat_refused_total",
    "Requests, and pictures of batches, that got a problem for an answer, by its code.",
    ("reason",),
)
MODEL_WORKERS = _gauge(
    "dogorcat_model_workers",
    "Workers that serve a model in this version; 0 once it is replaced.",
    ("model", "version"),
)
MODEL_LOADED = _gauge(
    "dogorcat_model_loaded_timestamp_seconds",
    "When a worker last loaded a model in this version; 0 once it is replaced.",
    ("model", "version"),
    multiprocess_mode="livemax",
)


def register(app: Flask, collectors: Iterable[Collector] = ()) -> None:
    """Answer GET /metrics.

    Args:
        app: whose metrics these are.
        collectors: what is asked for values besides, where there are several workers.
    """
    WORKERS.set(1)

    @app.get("/metrics")
    def metrics() -> Response:
        registry = _own
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            for collector in collectors:
                registry.register(collector)
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
