"""Recipes tried one after the other within a time: whether the next fits, and which is best.

Each recipe runs in a process of its own. All hold the same photos back for choices, and on those
the served files are compared, by log loss. No other photos are looked at here. Nothing imports
Keras, so that the processes have the memory to themselves.
"""

import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from common.atomic import write_file
from common.errors import DataError, ModelError
from common.model.card import CARD
from common.model.classifier import Classifier
from train.child_process import environment
from train.learning.candidates import Candidate
from train.measure.evaluation import answers, label_indices
from train.measure.metrics import measure
from train.photos.dataset import Photos

TRIED = "tried.json"


@dataclass
class Tried:
    """What became of a candidate."""

    name: str
    seconds: float = 0.0
    log_loss: float | None = None
    """On the photos held back for choices, in nats; None where no model came of it."""
    accuracy: float | None = None
    note: str = ""
    """Why no model came of it."""

    def words(self) -> str:
        if self.log_loss is None:
            return f"{self.name}: {self.note}"
        return (
            f"{self.name}: log loss {self.log_loss:.4f}, accuracy {self.accuracy:.4f},"
            f" in {minutes(self.seconds)}"
        )


def told(line: str) -> None:
    """Print at once, to a pipe too."""
    print(line, flush=True)


@dataclass
class Search:
    """Tries candidates until the time is up. What it has found lies in `folder`, to go on from."""

    folder: Path
    """Where the models are made, and what was tried is written down."""
    model: str
    """The name of the model to be."""
    options: tuple[str, ...]
    """What every recipe is called with: photos, labels, seed."""
    cache: Path
    """Where bottleneck features are kept."""
    train: Photos
    """What every recipe learns from."""
    validation: Photos
    """On which they are compared; none of them learns from these."""
    seconds: float
    """That the search may take."""
    say: Callable[[str], None] = told
    tried: list[Tried] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _pace: float | None = None
    """Seconds for one look at a photo by the first network, decoding included; on this machine."""
    _start: float = 0.0
    """Seconds that a recipe takes for anything else: imports, export, report."""
    _late: float = 1.0
    """How much longer the last recipe took than was estimated."""

    def run(self, every: Iterator[Candidate]) -> None:
        """Try candidates, in order, and write down what becomes of each."""
        before = {one.name: one for one in self._read()}
        for candidate in every:
            known = before.get(candidate.name)
            if known and known.log_loss is not None:
                self._learn_pace(candidate, known)
                self._note(known)
                continue
            needed, left = self.estimate(candidate), self.left
            if left <= 0 or (needed is not None and needed > left):
                takes = f"it takes about {minutes(needed)}, and " if needed else ""
                self._note(Tried(candidate.name, note=f"left out: {takes}{minutes(left)} are left"))
                continue
            about = f"about {minutes(needed)}" if needed else "the first, to see how long it takes"
            self.say(f"{candidate.name}: {about} …")
            self._try(candidate, needed)

    @property
    def left(self) -> float:
        """Seconds for recipes."""
        return max(0.0, self.seconds - (time.monotonic() - self._began))

    @property
    def unfinished(self) -> bool:
        """Whether more time would let more be tried."""
        return any(one.note.startswith(("left out", "stopped")) for one in self.tried)

    @property
    def best(self) -> Tried | None:
        """The one of the lowest log loss."""
        found = [one for one in self.tried if one.log_loss is not None]
        return min(found, key=lambda one: one.log_loss or 0.0) if found else None

    def estimate(self, candidate: Candidate) -> float | None:
        """Seconds that a candidate will take, by what ran before; None if nothing has."""
        if self._pace is None:
            return None
        return self._late * (self._start + self._pace * candidate.looks_at(len(self.train)))

    def folder_of(self, one: Candidate | Tried) -> Path:
        """The model folder that comes of a candidate."""
        return self.folder / one.name.replace("--", "").replace(" ", "-") / self.model

    def _try(self, candidate: Candidate, needed: float | None) -> None:
        began, out = time.monotonic(), self.folder_of(candidate)
        out.parent.mkdir(parents=True, exist_ok=True)
        found = Tried(candidate.name, note=self._train(candidate, out))
        found.seconds = round(time.monotonic() - began, 1)
        if not found.note:
            self._judge(candidate, out, found)
            if needed:
                self._late = max(1.0, self._late * found.seconds / needed)
        self._note(found)

    def _train(self, candidate: Candidate, out: Path) -> str:
        """Run a recipe; returns why no model came of it, or nothing."""
        log = out.parent / "log.txt"
        if (out / CARD).is_file():  # stopped between training and judging
            return ""
        resume = ("--resume",) if (out.parent / f".{out.name}.run" / "run.json").is_file() else ()
        cache = ("--cache", str(self.cache)) if candidate.pretrained else ()
        command = (*candidate.command, *self.options, *cache, "--out", str(out), *resume)
        with log.open("w", encoding="utf-8") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "train", *command],
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
            try:
                status = process.wait(self.left)
            except subprocess.TimeoutExpired:
                return "stopped: the time was up"
            finally:  # a recipe may be ended at any time, and goes on with --resume
                process.terminate()
                process.wait()
        if status:
            said = log.read_text(encoding="utf-8", errors="replace").splitlines()
            lines = [line for line in said if line.strip()]
            errors = [line for line in lines if line.startswith("error: ")]
            return f"failed: {(errors or lines[-1:] or [''])[0]}"
        return ""

    def _judge(self, candidate: Candidate, out: Path, found: Tried) -> None:
        """Measure a model on the photos held back for choices."""
        try:
            classifier = Classifier.load(out)
        except ModelError as error:
            found.note = f"failed: {error}"
            return
        began = time.monotonic()
        scores, _ = answers(classifier, self.validation)
        took = (time.monotonic() - began) / len(self.validation)
        truth = label_indices(classifier.card, self.validation)
        figures = measure(scores, truth, classifier.card.labels)
        found.log_loss, found.accuracy = round(figures.log_loss, 6), round(figures.accuracy, 6)
        self._learn_pace(candidate, found, took)

    def _learn_pace(self, candidate: Candidate, found: Tried, took: float | None = None) -> None:
        """Learn from the first recipe that ran, and from the seconds that its model took a photo.

        Without those, since it ran before, as if all its time had gone into looks at photos.
        """
        if self._pace is None:
            looks = max(1.0, candidate.looks_at(len(self.train)))
            self._pace = found.seconds / looks if took is None else took
            self._start = max(0.0, found.seconds - self._pace * looks)

    def _note(self, one: Tried) -> None:
        self.tried.append(one)
        self.say(one.words() + (", the best so far" if one is self.best else ""))
        written = {"asked": self.asked, "tried": [asdict(each) for each in self.tried]}
        write_file(self.folder / TRIED, json.dumps(written, indent=1) + "\n")

    @property
    def asked(self) -> list[str]:
        """What an earlier search must have had, too, if its models are to count."""
        every = "".join(self.train.digests + self.validation.digests)
        return [*self.options, hashlib.sha256(every.encode()).hexdigest()]

    def _read(self) -> list[Tried]:
        """What an earlier search in this folder has found.

        Raises:
            DataError: it had other options or photos.
        """
        file = self.folder / TRIED
        if not file.is_file():
            return []
        written = json.loads(file.read_text(encoding="utf-8"))
        if written["asked"] != self.asked:
            raise DataError(
                f"The search in {self.folder} had other photos or options: repeat it without"
                " --resume."
            )
        return [Tried(**one) for one in written["tried"]]


def minutes(seconds: float) -> str:
    """A duration for a person to read."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
