"""Bottleneck features: the output of a frozen backbone for each photo, computed once and kept."""

import hashlib
from pathlib import Path

import keras
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from common.atomic import new_file
from train.export.onnx_runner import Runner, onnx_runner
from train.photos.dataset import Photos, Pixels, parallel_batches

FEATURES = "features"
BATCH = 4
"""Photos that one thread decodes and passes on at a time."""


class Features:
    """The output of a network for photos, from the cache where it was computed before.

    Args:
        network: uint8 pictures in, features out; not trained between two calls.
        size: (height, width) to decode to.
        key: says which network this is: name, weights, layer. The photos' contents, their order
            and the size are added here, so that a changed folder never reads stale features.
        cache: the folder to keep features in.
    """

    def __init__(self, network: keras.Model, size: tuple[int, int], key: str, cache: Path) -> None:
        self._network = network
        self._size = size
        self._key = key
        self._cache = cache
        self._engine: Runner | None = None

    def __call__(self, photos: Photos) -> NDArray[np.float32]:
        """The features of photos.

        Returns:
            float32 (photos, …), a memory map of the cached file.
        """
        height, width = self._size
        parts = "\n".join([self._key, f"{height}x{width}", *photos.digests])
        file = self._cache / f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.npy"
        if not file.is_file():
            self._cache.mkdir(parents=True, exist_ok=True)
            self._compute(Pixels(photos, self._size, keep=False), file)
        return np.load(file, mmap_mode="r")

    def _compute(self, pixels: Pixels, file: Path) -> None:
        count = len(pixels.photos)
        if self._engine is None:
            graph = keras.Model(self._network.input, {FEATURES: self._network.output})
            self._engine = onnx_runner(graph, pixels(np.arange(min(count, BATCH))))
        run = self._engine
        with new_file(file) as half:
            out = open_memmap(half, "w+", np.float32, (count, *self._network.output.shape[1:]))
            work = parallel_batches(
                lambda i: run(pixels(i))[FEATURES], count, BATCH, "Bottleneck features"
            )
            for which, rows in work:
                out[which] = rows
            out.flush()
