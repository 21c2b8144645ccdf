"""The floor: decode and inference in a plain loop on every core. No HTTP, no checks, no service.

    python -m bench.lower_bound MODEL_FILE FOLDER COUNT SECONDS

Prints one line of JSON. FOLDER holds COUNT photos, named 0, 1, …; they are kept in memory.
"""

import io
import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
from PIL import Image

from common.cpus import usable_cpus


def classifier_of(model_file: Path) -> Callable[[bytes], object]:
    """A function that classifies the bytes of a picture, and does nothing else."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = ort.InferenceSession(str(model_file), options, providers=["CPUExecutionProvider"])
    (pictures,) = session.get_inputs()
    height, width = pictures.shape[1:3]

    def classify(data: bytes) -> object:
        image = Image.open(io.BytesIO(data))
        image.draft("RGB", (width, height))
        small = image.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
        return session.run(["scores"], {pictures.name: np.asarray(small)[np.newaxis]})

    return classify


def loop(model_file: Path, photos: list[bytes], seconds: float) -> tuple[int, float, float]:
    """Classify photos for some seconds: how many, in how many seconds, and CPU seconds."""
    classify = classifier_of(model_file)
    for photo in photos[:4]:
        classify(photo)
    count, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() < start + seconds:
        classify(photos[count % len(photos)])
        count += 1
    return count, time.perf_counter() - start, time.process_time() - cpu


def main() -> None:
    model_file, folder, count, seconds = sys.argv[1:]
    photos = [(Path(folder) / str(i)).read_bytes() for i in range(int(count))]
    processes = usable_cpus()
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        work = [(Path(model_file), photos, float(seconds))] * processes
        found = pool.starmap(loop, work, chunksize=1)
    pictures = sum(number for number, _, _ in found)
    print(
        json.dumps(
            {
                "per_second": sum(number / took for number, took, _ in found),
                "cpu_ms": 1000 * sum(cpu for _, _, cpu in found) / pictures,
            }
        )
    )


if __name__ == "__main__":
    main()
