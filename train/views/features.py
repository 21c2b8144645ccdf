"""Features of views (`train.views`): drawn, passed through what is frozen, and kept in a cache.

What a run learns is decided by its seed alone: view number i is the same picture every time. Blocks
of views are files of their own, so that an interrupted run goes on where it was.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from common.atomic import new_file
from common.images import in_proportion
from train.export.onnx_runner import Outputs, Runner
from train.networks.divided import FEATURES, TEACHER
from train.networks.heads import KNOWN
from train.networks.imagenet_head import OUTPUT
from train.networks.parts import LOGITS, PRESENCE, TURN
from train.photos.dataset import Photos, parallel_batches
from train.views.views import OTHER, SIDE, View, pair, single, with_thumbnails

BLOCK = 1024
BATCH = 4
"""Views that one thread draws and passes on at a time."""
SAMPLE = 64
"""Views whose pixels tell whether views are still drawn as they were."""
MIXTURE = {
    "one of the labels": 0.56,
    "something else": 0.16,
    "two labels": 0.17,
    "a label twice": 0.06,
    "a label and something else": 0.05,
}
"""What views show, and how often."""

Truth = dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Learned:
    """Views that were passed through a frozen network: what it said, and what is in them."""

    features: dict[str, NDArray[np.float16]]
    """output of the frozen network -> (views, …)"""
    present: NDArray[np.float32]
    """(views, labels), 1 where a label is in the view, else 0."""
    turn: NDArray[np.int64]
    """(views,), quarter turns counter-clockwise: 0..3."""

    def __len__(self) -> int:
        return len(self.turn)

    def first(self, count: int) -> Self:
        """The first rows alone."""
        features = {name: values[:count] for name, values in self.features.items()}
        return type(self)(features, self.present[:count], self.turn[:count])


class Views:
    """Pictures to learn from, by number.

    Args:
        photos: of the labels.
        labels: how many there are.
        others: photos that show none of them; there may be none.
        size: (height, width) of the views.
        seed: of everything random.
        thumbnails: which share of all disturbances they are, 0..1; None: the usual one.
    """

    def __init__(
        self,
        photos: Photos,
        others: Photos | None,
        size: tuple[int, int],
        seed: int,
        thumbnails: float | None = None,
    ) -> None:
        self.photos, self.others, self.size, self.seed = photos, others, size, seed
        self.disturbed = None if thumbnails is None else with_thumbnails(thumbnails)
        self.labels = len(photos.classes)
        self._own = [np.flatnonzero(photos.truth == label) for label in range(self.labels)]
        shares = np.array(list(MIXTURE.values()))
        if not others:
            shares[[1, 4]] = 0
        self._shares = shares / shares.sum()

    def draw(self, number: int, shows: str | None = None) -> View:
        """View `number`; the same every time.

        Args:
            shows: one of `MIXTURE`, in place of a kind that is drawn, too.
        """
        rng = np.random.default_rng([self.seed, number])
        drawn = int(rng.choice(len(self._shares), p=self._shares))
        kind = list(MIXTURE).index(shows) if shows else drawn
        first = int(rng.integers(self.labels))
        if kind == 0:
            return self._single(rng, first)
        if kind == 1:
            return self._single(rng, OTHER)
        second = {2: (first + int(rng.integers(1, self.labels))) % self.labels, 3: first}
        two = [first, second.get(kind, OTHER)]
        if kind == 4:
            if rng.random() < 0.3:
                two[0] = OTHER
            rng.shuffle(two)
        photos = self._photo(rng, two[0]), self._photo(rng, two[1])
        return pair(rng, photos, (two[0], two[1]), self.size, shares=self.disturbed)

    def _single(self, rng: Generator, label: int) -> View:
        return single(rng, self._photo(rng, label), label, self.size, shares=self.disturbed)

    def _photo(self, rng: Generator, label: int) -> Image.Image:
        if label == OTHER:
            assert self.others is not None, "no share of the views shows others"
            path = self.others.paths[int(rng.integers(len(self.others)))]
        else:
            path = self.photos.paths[int(rng.choice(self._own[label]))]
        return Image.fromarray(in_proportion(path.read_bytes(), SIDE))

    @property
    def key(self) -> str:
        """What tells these views from others: the photos, and what the first views look like."""
        digests = [*self.photos.digests, *(self.others.digests if self.others else ())]
        drawn = hashlib.sha256(b"".join(self.draw(i).pixels.tobytes() for i in range(SAMPLE)))
        return "\n".join([str(self.seed), drawn.hexdigest(), str(MIXTURE), *digests])


def view_features(views: Views, count: int, runner: Runner, key: str, cache: Path) -> Learned:
    """The first `count` views, passed through a frozen network.

    Args:
        runner: uint8 pictures in, outputs by name.
        key: says which network this is.
        cache: the folder to keep blocks in.
    """
    name = hashlib.sha256(f"{key}\n{views.key}".encode()).hexdigest()[:32]
    cache.mkdir(parents=True, exist_ok=True)
    blocks = []
    for start in range(0, count, BLOCK):
        file = cache / f"{name}.{start // BLOCK}.npz"
        if file.is_file():
            with np.load(file) as arrays:
                blocks.append(dict(arrays))
            continue
        blocks.append(_block(views, start, runner, f"Views {start} to {start + BLOCK}"))
        with new_file(file) as half, half.open("wb") as stream:
            np.savez(stream, **blocks[-1])
    rows = {key: np.concatenate([block[key] for block in blocks])[:count] for key in blocks[0]}
    present, turn = (rows.pop(name) for name in ("present", "turn"))
    return Learned(rows, present, turn)


def _block(views: Views, start: int, runner: Runner, what: str) -> dict[str, NDArray[Any]]:
    present = np.zeros((BLOCK, views.labels), np.float32)
    turn = np.zeros(BLOCK, np.int64)

    def work(which: NDArray[np.int64]) -> Outputs:
        drawn = [views.draw(start + int(i)) for i in which]
        for i, view in zip(which, drawn, strict=True):
            present[i, sorted(view.labels)] = 1
            turn[i] = view.turn
        return runner(np.stack([view.pixels for view in drawn]))

    rows = [row for _, row in parallel_batches(work, BLOCK, BATCH, what)]
    found = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    kept = {name: values.astype(np.float16) for name, values in found.items()}
    return kept | {"present": present, "turn": turn}


class Rows(keras.utils.PyDataset):  # type: ignore[misc]
    """Features of views as Keras wants them, with what each head is to say of them.

    The label is learned from views that show one; of two labels each counts a half.

    Args:
        learned: features and truth.
        batch: rows in a batch; the last one of an epoch may be smaller.
        seed: of the shuffling, together with the epoch; None keeps the order.
    """

    def __init__(self, learned: Learned, batch: int, seed: int | None = None) -> None:
        super().__init__(workers=1)
        self.learned, self.batch, self.seed = learned, batch, seed
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch."""
        self._order = np.arange(len(self.learned))
        if self.seed is not None:
            np.random.default_rng([self.seed, epoch]).shuffle(self._order)

    def close(self) -> None:
        """Let the features go: TensorFlow keeps what `fit` was given until the process ends."""
        self.learned.features.clear()

    def __len__(self) -> int:
        return -(-len(self.learned) // self.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], Truth, Truth]:
        which = self._order[index * self.batch : (index + 1) * self.batch]
        features = self.learned.features
        present = self.learned.present[which]
        number = present.sum(axis=1, keepdims=True)
        truth = {
            LOGITS: present / np.maximum(number, 1),
            KNOWN: np.minimum(number, 1),
            PRESENCE: present,
            TURN: self.learned.turn[which],
        }
        if TEACHER in features:
            truth[OUTPUT] = features[TEACHER][which].astype(np.float32)
        weights = {name: np.ones(len(which), np.float32) for name in truth}
        weights[LOGITS] = np.minimum(number[:, 0], 1)
        return features[FEATURES][which].astype(np.float32), truth, weights
