"""What the service does under more load than it can answer, and how it recovers.

    python -m bench.overload
    python -m bench.overload --seconds 10

First the capacity, by a closed loop of 16 connections. Then photos arrive at random moments, twice
as many and ten times as many as that, from one connection for each arrival in a second, so that a
slow answer does not slow the arrivals down. The generator runs on the same cores.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from bench.tools.load import whole_request
from support.photos import small
from support.running import running_service

PATH = "/api/v1/classify"
STEADY = 20
"""So many answers in a row as fast as before count as recovered."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--seconds", type=int, default=60, help="of each load (default: 60)")
    args = parser.parse_args()
    photo = small().files[0]
    with tempfile.TemporaryDirectory() as name, running_service(Path(name)) as service:
        file = Path(name) / "request"
        file.write_bytes(whole_request(PATH, photo))
        quiet = statistics.median(seconds_of(service.url, photo) for _ in range(50))
        alone = wrk(service.url, file, connections=16, pause_ms=0, seconds=15)
        capacity = alone["served"] / alone["seconds"]
        print(f"alone       median {quiet * 1000:.1f} ms; capacity {capacity:.0f} a second")
        for times in (2, 10):
            found = wrk(service.url, file, round(times * capacity), 1000, args.seconds)
            recovered = recovery(service.url, photo, 3 * quiet)
            every = found["served"] + found["refused"] + found["other"]
            print(
                f"{times:2} x load   {every / found['seconds']:.0f} answers a second:"
                f" goodput {found['served'] / found['seconds'] / capacity:.0%} of capacity"
                f" (served p99 at most {found['served_p99_ms']:.0f} ms),"
                f" {found['refused']:.0f} refused (median of all {found['median_ms']:.1f} ms),"
                f" {found['other']:.0f} others, {found['broken']:.0f} broken;"
                f" itself again after {recovered:.1f} s"
            )


def wrk(url: str, file: Path, connections: int, pause_ms: float, seconds: int) -> dict[str, float]:
    """Load from `connections` that each pause `pause_ms` on average between two requests."""
    script = str(Path(__file__).with_name("tools") / "overload.lua")
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s"]
    done = subprocess.run(
        [*command, "-s", script, url + PATH, "--", str(file), str(pause_ms)],
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def seconds_of(url: str, photo: bytes) -> float:
    """Seconds of one request of its own, infinite for one that fails."""
    start = time.perf_counter()
    try:
        answer = requests.post(url + PATH, data=photo, headers={"Content-Type": "image/jpeg"})
    except requests.RequestException:
        return float("inf")
    return time.perf_counter() - start if answer.ok else float("inf")


def recovery(url: str, photo: bytes, fast_s: float) -> float:
    """Seconds until the service answers as fast as before, `STEADY` times in a row."""
    start = since = time.perf_counter()
    steady = 0
    while steady < STEADY:
        if seconds_of(url, photo) <= fast_s:
            steady += 1
        else:
            steady, since = 0, time.perf_counter()
        if time.perf_counter() - start > 60:
            return float("inf")
    return since - start


if __name__ == "__main__":
    main()
