"""The lower bound: decoding and inference in a plain loop on every core, without HTTP or service.

    python -m bench.lower_bound MODEL_FILE FOLDER COUNT SECONDS

Prints one line of JSON. FOLDER holds COUNT photos, named 0, 1, …; they are kept in memory.
"""

import json
import multiprocessing
import sys
import time
from pathlib import Path

from common.cpus import usable_cpus
from support.plain_inference import classifier_of


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
