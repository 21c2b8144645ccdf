"""How quick the service is, compared with its peers and the lower bound: `make bench`.

    python -m bench.serving [capacity] [sizes] [latency] [--model models/cat_dog] [--turns 15]

Every candidate gets the same photos and the same file of the model, from the same machine, in
turns of a second, so that what else the machine does meets all of them. What cannot start is
left out, and a line says why. The load generator
shares the cores: what counts is the CPU time of a server's processes per picture. Results are
kept in .cache/bench/serving.json, part by part; `python -m bench.report` makes the table and the
plot of docs/performance.md of them. A quarter of an hour on two cores.
"""

import argparse
import contextlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from bench.tools import load
from bench.tools.processes import NotStarted, Server, running
from bench.tools.servers import KERAS, SERVICE, VENV, Candidate, candidates, model_files
from common.cpus import usable_cpus
from common.model.card import FILES, read_card
from support import photos

RESULTS = Path(".cache/bench/serving.json")
TURNS, TURN_S = 15, 1
"""Many short turns: how fast a virtual machine is changes from one second to the next."""
SECONDS = 2
LATENCY_S = 8
SHARES = (0.5, 0.7, 0.9)
"""Of its capacity, offered to each candidate in the open loop."""
Results = dict[str, dict[str, Any]]


def main() -> None:
    parts = {"capacity": capacity, "sizes": sizes, "latency": latency}
    parser = argparse.ArgumentParser(
        prog="python -m bench.serving",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(parts))
    parser.add_argument("--model", type=Path, default=Path("models/cat_dog"), help="model folder")
    parser.add_argument("--only", action="append", metavar="SERVER", help="leave out all others")
    parser.add_argument("--turns", type=int, default=TURNS, help="of a second each, for capacity")
    args = parser.parse_args()
    if unknown := set(args.parts) - parts.keys():
        parser.error(f"there is no part {unknown.pop()}; there are {', '.join(parts)}")
    if shutil.which("wrk") is None:
        parser.error("wrk is not installed; on Debian and Ubuntu: sudo apt-get install wrk")
    if not (there := model_files(args.model)):
        parser.error(f"there is no model in {args.model}")
    for precision in FILES.keys() - there.keys():
        print(f"left out: all in {precision}: {args.model} has no {FILES[precision]}", flush=True)
    results: Results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    results["machine"] = machine(args.model)
    for name in args.parts or parts:
        parts[name](args, results)
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1) + "\n")


def capacity(args: argparse.Namespace, results: Results) -> None:
    """Closed loop with 500×375 photos: as much as each can, and what a picture costs."""
    files = photos.small().files
    wanted, model_file = _wanted(args), model_files(args.model)
    with _all(wanted, files[0]) as servers:
        found: dict[str, dict[str, list[load.Load]]] = {key: {} for key in servers}
        floors: dict[str, list[dict[str, float]]] = {name: [] for name in model_file}
        for turn in range(args.turns):
            for connections in (8, 1, 32) if turn == 0 else (8,):
                for candidate in wanted:
                    precision = candidate.precision
                    if candidate.name == SERVICE and connections == 8 and precision in floors:
                        try:  # right before the service, so that both meet the same machine
                            own = floor(model_file[precision], files, TURN_S)
                            floors[precision].append(own)
                        except NotStarted as error:
                            print(f"left out: {error}", flush=True)
                            del floors[precision]
                    if candidate.key not in servers:
                        continue
                    one = load.closed(servers[candidate.key], files, connections, TURN_S)
                    found[candidate.key].setdefault(str(connections), []).append(one)
                    _say(f"{connections} connections", candidate.key, one)
        memory = {key: server.pss_mb() for key, server in servers.items()}
        results["capacity"] = {
            key: {
                "cpu_ms": median(one.cpu_ms for one in loads["8"]),
                "per_second": median(one.per_second for one in loads["8"]),
                "failed": sum(one.failed for several in loads.values() for one in several),
                "p50_ms": {number: median(one.p50_ms for one in loads[number]) for number in loads},
                "p99_ms": {number: median(one.p99_ms for one in loads[number]) for number in loads},
                "pss_mb": memory[key],
                "ready_s": servers[key].ready_s,
            }
            for key, loads in found.items()
        }
        results["floor"] = {
            name: {
                measure: median(one[measure] for one in several)
                for measure in ("cpu_ms", "per_second")
            }
            for name, several in floors.items()
        }


def sizes(args: argparse.Namespace, results: Results) -> None:
    """Closed loop with 12-megapixel photos, and with photos of all sizes."""
    results["sizes"] = {}
    sets = [photos.phone(), photos.mixed()]
    with _all(_wanted(args), sets[1].files[0]) as servers:
        for kind in sets:
            for key, server in servers.items():
                load.closed(server, kind.files, 4, 1)  # each photo once
                one = load.closed(server, kind.files, 4, 3 * SECONDS)
                results["sizes"].setdefault(key, {})[kind.name] = {
                    "cpu_ms": one.cpu_ms,
                    "per_second": one.per_second,
                    "failed": one.failed,
                }
                _say(kind.name, key, one)


def latency(args: argparse.Namespace, results: Results) -> None:
    """Open loop: photos arrive at random, at a share of what each can do."""
    files = photos.small().files
    results["latency"] = {}
    wanted = [one for one in _wanted(args) if one.name != KERAS]
    with _all(wanted, files[0]) as servers:
        for key, server in servers.items():
            quiet = load.closed(server, files, 1, SECONDS).p50_ms
            most = load.closed(server, files, 8, SECONDS).per_second
            found = {"quiet_p50_ms": quiet}
            for share in SHARES:
                one = load.open_loop(server, files, share * most, quiet, LATENCY_S)
                found[f"{share:.0%}"] = {
                    "per_second": one.per_second,
                    "p50_ms": one.p50_ms,
                    "p99_ms": one.p99_ms,
                    "failed": one.failed,
                }
                _say(f"{share:.0%} of {most:.0f}/s", key, one)
            results["latency"][key] = found


def floor(model_file: Path, files: Sequence[bytes], seconds: float) -> dict[str, float]:
    """Pictures in a second and CPU time per picture of `bench.lower_bound`.

    Raises:
        NotStarted: the file cannot be run.
    """
    with tempfile.TemporaryDirectory() as folder:
        for i, data in enumerate(files):
            (Path(folder) / str(i)).write_bytes(data)
        command = [
            sys.executable,
            "-m",
            "bench.lower_bound",
            str(model_file),
            folder,
            str(len(files)),
        ]
        done = subprocess.run([*command, str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotStarted(f"the floor of {model_file}: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, float] = json.loads(done.stdout)
    return found


def machine(model: Path) -> dict[str, Any]:
    """What was measured on what."""
    card = read_card(model)
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    ours = ("flask", "flask-restful", "gunicorn", "onnxruntime", "pillow", "tensorflow", "keras")
    return {
        "date": time.strftime("%Y-%m-%d"),
        "cpu": f"{usable_cpus()} × {names[0] if names else platform.machine()}",
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "model": f"{card.name} {card.version}",
        "versions": {name: version(name) for name in ours},
        "peers": _versions_of_peers(),
        "real photos": photos.FOLDER.is_dir(),
    }


def _versions_of_peers() -> dict[str, str]:
    if not VENV.is_dir():
        return {}
    command = [VENV / "python", "-m", "pip", "list", "--format", "json"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    found = {one["name"].lower(): one["version"] for one in json.loads(listed.stdout)}
    names = ("fastapi", "uvicorn", "litserve", "bentoml")
    return {name: found[name] for name in names if name in found}


def _wanted(args: argparse.Namespace) -> list[Candidate]:
    return [one for one in candidates(args.model) if not args.only or one.name in args.only]


@contextlib.contextmanager
def _all(wanted: Sequence[Candidate], photo: bytes) -> Iterator[dict[str, Server]]:
    """All that can be started, one after the other; one with nothing to do costs nothing."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for one in wanted:
            request = load.whole_request(one.path, photo)
            server = running(one.key, one.command, one.path, one.env, one.cwd, request)
            try:
                servers[one.key] = stack.enter_context(server)
            except NotStarted as error:
                print(f"left out: {error}", flush=True)
                continue
            print(f"{one.key}: ready after {servers[one.key].ready_s:.2f} s", flush=True)
            load.closed(servers[one.key], [photo], 8, 1)
        yield servers


def _say(what: str, key: str, one: load.Load) -> None:
    print(
        f"{what:16} {key:32} {one.per_second:6.1f}/s  {one.cpu_ms:7.2f} ms CPU"
        f"  p50 {one.p50_ms:7.1f}  p99 {one.p99_ms:7.1f} ms  failed {one.failed}",
        flush=True,
    )


if __name__ == "__main__":
    main()
