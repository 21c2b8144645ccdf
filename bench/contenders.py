"""Who is measured, and how each is started. Each runs a worker for every core, as it advises."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from common.card import ONNX
from common.cpus import usable_cpus

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "models" / "cat_dog"
PEERS = ROOT / "bench" / "peers"
VENV = ROOT / ".cache" / "bench-venv" / "bin"
CORES = str(usable_cpus())
FLOAT = "fp32"


@dataclass(frozen=True)
class Contender:
    """A way to serve the model."""

    name: str
    command: list[str]
    """`{port}` stands for the port to listen on."""
    path: str
    env: Mapping[str, str]
    cwd: Path = PEERS
    precision: str = FLOAT
    tags: frozenset[str] = field(default_factory=frozenset)

    @property
    def full_name(self) -> str:
        return f"{self.name}, {self.precision}"


def contenders() -> list[Contender]:
    """The service and its peers, with every file of the model that there is."""
    found = []
    for precision, file in model_files().items():
        found += [_service(precision), *_peers(precision, file)]
    return [*found, _keras()]


def model_files() -> dict[str, Path]:
    """precision -> the file of the shipped model."""
    return {FLOAT: MODEL / ONNX}


def _service(precision: str) -> Contender:
    return Contender(
        name="dogorcat",
        command=[sys.executable, "-m", "gunicorn", "--config", "python:api.gunicorn_conf"],
        path="/api/v1/classify",
        env={"RATE_LIMIT": "1000000 per second"},  # on, and never reached
        cwd=ROOT,
        precision=precision,
    )


def _peers(precision: str, file: Path) -> list[Contender]:
    env = {
        "MODEL_FILE": str(file),
        "LABELS": "cat,dog",
        "WORKERS": CORES,
        "BENTOML_DO_NOT_TRACK": "True",
    }
    gunicorn = [f"{VENV}/gunicorn", "--bind", "127.0.0.1:{port}", "--workers", CORES]
    commands = {
        "FastAPI + uvicorn": [
            f"{VENV}/uvicorn",
            "fastapi_onnx:app",
            *("--port", "{port}", "--workers", CORES, "--log-level", "warning"),
        ],
        "LitServe": [f"{VENV}/python", "litserve_onnx.py"],
        "BentoML": [f"{VENV}/bentoml", "serve", "bentoml_onnx:Classify", "--port", "{port}"],
        "plain Flask": [
            *gunicorn,
            *("--worker-class", "gthread", "--threads", "4", "flask_onnx:app"),
        ],
    }
    return [
        Contender(name, command, "/classify", env, precision=precision)
        for name, command in commands.items()
    ]


def _keras() -> Contender:
    file = MODEL / "model.keras"
    env = {"LABELS": "cat,dog", "TF_CPP_MIN_LOG_LEVEL": "2"}
    if file.is_file():
        env["MODEL_FILE"] = str(file)
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}"]
    command = [*gunicorn, "--workers", CORES, "--timeout", "120", "flask_keras:app"]
    return Contender("Flask + Keras predict", command, "/classify", env)
