"""Batches as Keras wants them, in an order that seed and epoch alone decide."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from train.photos.dataset import Photos


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Rows as Keras wants them: inputs (batch, …) and one-hot truth (batch, classes).

    The order is a function of seed and epoch alone, so that a resumed run sees what an
    uninterrupted one would have seen.

    Args:
        rows: indices -> inputs, batch first.
        photos: whose classes are the truth.
        batch: rows in a batch; the last one of an epoch may be smaller.
        seed: of the shuffling; None keeps the order of `photos`.
        ahead: whether threads prepare batches before they are asked for; rows that are there
            already are had sooner without.
    """

    def __init__(
        self,
        rows: Callable[[NDArray[np.int64]], NDArray[Any]],
        photos: Photos,
        batch: int = 32,
        seed: int | None = None,
        ahead: bool = True,
    ) -> None:
        super().__init__(workers=2 if ahead else 1, max_queue_size=8)
        self.rows = rows
        self.batch = batch
        self.seed = seed
        self._one_hot = np.eye(len(photos.classes), dtype=np.float32)[photos.truth]
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch."""
        self._order = np.arange(len(self._one_hot))
        if self.seed is not None:
            np.random.default_rng([self.seed, epoch]).shuffle(self._order)

    def __len__(self) -> int:
        return -(-len(self._one_hot) // self.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[Any], NDArray[np.float32]]:
        which = self._order[index * self.batch : (index + 1) * self.batch]
        return self.rows(which), self._one_hot[which]
