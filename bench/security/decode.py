"""An ordinary picture: what the checks before decoding cost."""

import io
import statistics
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from common import images
from support.hostile_pictures import gradient


def decode() -> None:
    """A normal JPEG of 500 x 375, against Pillow with the same draft and resize."""
    noise = np.random.RandomState(1).randint(0, 60, (375, 500, 3))
    image = Image.fromarray((np.asarray(gradient(500, 375)) * 0.75 + noise).astype(np.uint8))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    data = out.getvalue()

    def with_pillow() -> object:
        opened = Image.open(io.BytesIO(data))
        opened.draft("RGB", (224, 224))
        return np.asarray(opened.resize((224, 224), Image.Resampling.BILINEAR))

    def ours() -> object:
        return images.decode(data, (224, 224))

    ratio = _ratio(ours, with_pillow)
    print(f"decode: a JPEG of 500 x 375 ({len(data) // 1000} kB) to 224 x 224")
    print(f"  ours / plain Pillow                  {ratio:.3f}")


def _ratio(one: Callable[[], object], other: Callable[[], object], rounds: int = 400) -> float:
    """Median time of one call over that of the other, measured in turns."""
    times: dict[Callable[[], object], list[float]] = {one: [], other: []}
    for _ in range(rounds):
        for work, taken in times.items():
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return statistics.median(times[one]) / statistics.median(times[other])
