"""The servers that are compared, and how each is started: with a worker for every core."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from common.cpus import usable_cpus
from common.model.card import FILES, Precision, read_card

ROOT = Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / "bench" / "peers"
VENV = ROOT / ".cache" / "bench-venv" / "bin"
CORES = str(usable_cpus())
SERVICE, FASTAPI, KERAS = "dogorcat", "FastAPI + uvicorn", "Flask + Keras predict"


@dataclass(frozen=True)
class Candidate:
    """A way to serve the model."""

    name: str
    precision: Precision
    command: list[str]
    """`{port}` stands for the port to listen on."""
    path: str
    env: Mapping[str, str]
    cwd: Path = PEERS

    @property
    def key(self) -> str:
        return f"{self.name}, {self.precision}"


def candidates(model: Path) -> list[Candidate]:
    """The service and its peers, with every file of a model folder that there is."""
    found = []
    for precision, file in model_files(model).items():
        found += [_service(model, precision), *_peers(model, precision, file)]
    return [*found, _keras(model)]


def model_files(model: Path) -> dict[Precision, Path]:
    """precision -> file"""
    return {
        precision: model / name for precision, name in FILES.items() if (model / name).is_file()
    }


def _service(model: Path, precision: Precision) -> Candidate:
    return Candidate(
        SERVICE,
        precision,
        command=[sys.executable, "-m", "gunicorn", "--config", "python:api.gunicorn_conf"],
        path="/api/v1/classify",
        env={
            "MODEL_DIR": str(model.parent.absolute()),
            "DEFAULT_MODEL": model.name,
            "PRECISION": precision,
            "RATE_LIMIT": "1000000 per second",  # on, and never reached
        },
        cwd=ROOT,
    )


def _peers(model: Path, precision: Precision, file: Path) -> list[Candidate]:
    env = {
        "MODEL_FILE": str(file.absolute()),
        "LABELS": ",".join(read_card(model).labels),
        "WORKERS": CORES,
        "BENTOML_DO_NOT_TRACK": "True",
    }
    gunicorn = [f"{VENV}/gunicorn", "--bind", "127.0.0.1:{port}", "--workers", CORES]
    commands = {
        FASTAPI: [
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
        Candidate(name, precision, command, "/classify", env) for name, command in commands.items()
    ]


def _keras(model: Path) -> Candidate:
    file = model / "model.keras"
    env = {"LABELS": ",".join(read_card(model).labels), "TF_CPP_MIN_LOG_LEVEL": "2"}
    if file.is_file():
        env["MODEL_FILE"] = str(file.absolute())
    gunicorn = [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:{port}"]
    command = [*gunicorn, "--workers", CORES, "--timeout", "120", "flask_keras:app"]
    return Candidate(KERAS, "float32", command, "/classify", env)
