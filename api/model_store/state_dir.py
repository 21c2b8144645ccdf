"""Keeps the files of a running service, in RUNTIME_DIR.

pid             locked by the master for as long as it lives; holds its process id
models/N/       generation N: a copy of MODEL_DIR, so that a worker that is replaced serves what the
                others serve, whatever became of MODEL_DIR since
models/current  link to the generation that is served
workers/PID     the generation which that worker serves
reload.json     how the last reload ended
metrics/        the values of every worker's metrics
"""

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from api.settings import SettingsError
from common.atomic import write_file
from common.errors import ModelError
from common.model.card import ONNX, check_file, model_folders, read_card

PID, STARTED, OUTCOME, RELOADING = "pid", "started", "reload.json", "reloading"
METRIC_FILE_BYTES = 256 * 1024
METRIC_KINDS = ("counter", "histogram", "gauge_livesum", "gauge_livemax")


@dataclass(frozen=True)
class Outcome:
    """How a reload ended."""

    generation: int
    """The generation that is served since."""
    reason: str | None = None
    """Why the new models are refused, one sentence; None where they are served."""
    began: float = 0.0
    """When MODEL_DIR was read, on the clock that all processes of a machine share (monotonic)."""
    ended: float = field(default_factory=time.time)
    """Unix time."""
    accepted: int = 0
    """Reloads since the start that brought new models, this one included."""
    refused: int = 0
    """Reloads since the start whose models were refused."""


class StateDir:
    """The files of one running service."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.metrics = self.folder / "metrics"
        self._models = self.folder / "models"
        self._workers = self.folder / "workers"

    def claim(self) -> None:
        """Make the folder this process's own, and empty; for the master.

        Raises:
            SettingsError: it cannot be written, belongs to someone else, or is in use.
        """
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            if self.folder.is_symlink() or self.folder.stat().st_uid != os.getuid():
                raise SettingsError(f"RUNTIME_DIR={self.folder}: the folder is not this user's.")
            there = os.listdir(self.folder)
            if there and PID not in there:
                raise SettingsError(f"RUNTIME_DIR={self.folder}: the folder holds something else.")
            self._lock = (self.folder / PID).open("a+")
            if not _lock(self._lock, fcntl.LOCK_EX):
                raise SettingsError(
                    f"RUNTIME_DIR={self.folder}: a service that is running uses it."
                )
            self._lock.truncate(0)
            self._empty()
            for folder in (self._models, self._workers, self.metrics):
                folder.mkdir()
        except OSError as error:
            raise SettingsError(
                f"RUNTIME_DIR={self.folder}: it cannot be written ({error.strerror})."
            ) from error

    def announce(self) -> None:
        """Write the process id down: from now on signals are understood."""
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def release(self) -> None:
        """Leave nothing behind; for the master."""
        with contextlib.suppress(OSError):
            self._empty()
            (self.folder / PID).unlink()
            self.folder.rmdir()

    def master(self) -> int | None:
        """The process id of the service that runs here; None if there is none."""
        with contextlib.suppress(FileNotFoundError), (self.folder / PID).open() as file:
            if not _lock(file, fcntl.LOCK_SH):
                return int(file.read() or 0) or None
        return None

    @property
    def generation(self) -> int:
        """The generation that is served; 0 before there is one."""
        try:
            return int(os.readlink(self._models / "current"))
        except FileNotFoundError:
            return 0

    def models(self, generation: int) -> Path:
        """The folder of model folders of a generation."""
        return self._models / str(generation)

    def publish(self, generation: int) -> None:
        """Let every worker serve a generation; the ones before the last are removed."""
        link = self._models / "next"
        link.unlink(missing_ok=True)
        link.symlink_to(str(generation))
        link.rename(self._models / "current")
        for folder in self._models.iterdir():
            if folder.name.isdigit() and int(folder.name) < generation - 1:
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def started(self) -> bool:
        """Whether a worker has been ready since the start."""
        return (self.folder / STARTED).exists()

    def report(self, generation: int) -> None:
        """Say which generation this worker serves."""
        (self.folder / STARTED).touch()
        write_file(self._workers / str(os.getpid()), str(generation))

    def forget(self, worker: int) -> None:
        """A worker is no more: its gauges end with it, its counters stay."""
        for file in (self._workers / str(worker), *self.metrics.glob(f"gauge_live*_{worker}.db")):
            file.unlink(missing_ok=True)

    def reports(self) -> dict[int, int]:
        """process id of a worker -> the generation it serves."""
        files = [file for file in self._workers.iterdir() if file.name.isdigit()]
        found = {}
        for file in files:
            with contextlib.suppress(FileNotFoundError):
                found[int(file.name)] = int(file.read_text())
        return found

    @property
    def outcome(self) -> Outcome | None:
        """How the last reload ended; None if there was none."""
        try:
            values: dict[str, Any] = json.loads((self.folder / OUTCOME).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return Outcome(**values)

    @outcome.setter
    def outcome(self, outcome: Outcome) -> None:
        write_file(self.folder / OUTCOME, json.dumps(asdict(outcome)))

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """One reload at a time; the next one waits."""
        with (self.folder / RELOADING).open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @property
    def busy(self) -> bool:
        """Whether a reload is under way."""
        with (self.folder / RELOADING).open("a") as file:
            return not _lock(file, fcntl.LOCK_SH)

    def reserve_metrics(self) -> None:
        """Reserve room for this worker's metrics, so that a disk that fills up later stops nothing.

        The files are mapped into memory: a page that the disk has no room for would end the worker.
        """
        for kind in METRIC_KINDS:
            with (self.metrics / f"{kind}_{os.getpid()}.db").open("ab") as file:
                os.posix_fallocate(file.fileno(), 0, METRIC_FILE_BYTES)

    def _empty(self) -> None:
        for folder in (self._models, self._workers, self.metrics):
            shutil.rmtree(folder, ignore_errors=True)
        for name in (STARTED, OUTCOME, RELOADING):
            (self.folder / name).unlink(missing_ok=True)


def _lock(file: IO[str], kind: int) -> bool:
    """Lock a file (LOCK_EX or LOCK_SH) until it is closed; False if another process holds it."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def copy_models(model_dir: Path, target: Path) -> None:
    """Copy what is served of every model folder, and compare each copy with its card.

    Raises:
        ModelError: a folder that cannot be served, or that is still being written.
        OSError: no room for the copy.
    """
    shutil.rmtree(target, ignore_errors=True)
    for file in model_dir.glob(f"*/{ONNX}"):
        if file.parent.name[0] != ".":
            read_card(file.parent)  # raises for one that is half copied
    for folder in model_folders(model_dir):
        card = read_card(folder)
        copy = target / folder.name
        copy.mkdir(parents=True)
        run = [name for name, spec in card.files.items() if spec.tolerance is not None]
        for name in ("card.json", *run):
            if Path(name).name != name:
                raise ModelError(f"Model folder {folder}: {name} is no name of a file in it.")
            if (folder / name).is_file():
                shutil.copyfile(folder / name, copy / name)
        for name in run:
            with relabel_errors(model_dir, target):
                check_file(card, copy, name)


@contextlib.contextmanager
def relabel_errors(model_dir: Path, target: Path) -> Iterator[None]:
    """Name the folder that was copied in errors about its copy."""
    try:
        yield
    except ModelError as error:
        raise ModelError(str(error).replace(str(target), str(model_dir))) from error
