"""Bottleneck features: what a frozen backbone says of each photo, computed once and kept."""

import hashlib
import os
from pathlib import Path

import keras
import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from train.data import Photos, Pixels, on_every_cpu
from train.engine import engine

BATCH = 4
"""Photos that one thread decodes and passes on at a time."""


def features(
    network: keras.Model, photos: Photos, size: tuple[int, int], key: str, cache: Path
) -> NDArray[np.float32]:
    """What `network` says of photos, from the cache if it was asked before.

    Args:
        network: uint8 pictures in, features out; not trained between two calls.
        photos: in the order of the rows to return.
        size: (height, width) to decode to.
        key: says which network this is: name, weights, layer. The photos' contents, their order
            and the size are added here, so that a changed folder never reads stale features.
        cache: the folder to keep features in.

    Returns:
        float32 (photos, …), a memory map of the cached file.
    """
    parts = "\n".join([key, f"{size[0]}x{size[1]}", *photos.digests])
    file = cache / f"{hashlib.sha256(parts.encode()).hexdigest()[:32]}.npy"
    if not file.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        _compute(network, Pixels(photos, size), file)
    return np.load(file, mmap_mode="r")


def _compute(network: keras.Model, pixels: Pixels, file: Path) -> None:
    """Write beside, then rename: an interrupted run leaves no half file under the final name."""
    half = file.with_suffix(f".{os.getpid()}.tmp")
    count = len(pixels.photos)
    run = engine(network, pixels(np.arange(min(count, BATCH))))
    try:
        out = open_memmap(half, "w+", np.float32, (count, *network.output.shape[1:]))
        work = on_every_cpu(lambda i: run(pixels(i)), count, BATCH, "Bottleneck features")
        for which, rows in work:
            out[which] = rows
        out.flush()
        half.replace(file)
    finally:
        half.unlink(missing_ok=True)
