"""A real Ray cluster of several nodes on this machine, each a raylet with its own workers."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.running import ROOT, RunningService, environment, free_port

PATIENCE_S = 240
# Small stores, no reports home, and a dead node is noticed in seconds, since it refuses
# connections. One that is merely slow, on a busy machine, is not taken for dead.
OBJECT_STORE_BYTES = 80 * 2**20
SYSTEM = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 30_000,
    "health_check_failure_threshold": 3,
}
COMMAND = [sys.executable, "-m", "cluster"]


@dataclass(frozen=True)
class Cluster:
    """A head without CPUs of its own, and workers to add and to kill."""

    ray: Any
    """`ray.cluster_utils.Cluster`"""
    folder: Path
    workers: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return str(self.ray.address)

    def add(self, cpus: int = 1) -> Any:
        """One more node."""
        node = self.ray.add_node(num_cpus=cpus, object_store_memory=OBJECT_STORE_BYTES)
        self.workers.append(node)
        return node

    def kill(self, node: Any) -> float:
        """kill -9 of all that belongs to a node: as if its plug were pulled.

        Returns:
            the moment at which nothing of it was left, by `time.monotonic`.
        """
        raylet = raylet_of(node)
        for pid in (raylet, *descendants(raylet)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.workers.remove(node)
        self.ray.remove_node(node, allow_graceful=False)
        return time.monotonic()

    def run(self, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
        """`python -m cluster ...` to its end."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    def environment(self, **settings: object) -> dict[str, str]:
        return environment(RAY_ADDRESS=self.address, **settings)

    def output(self) -> str:
        """What proxies, replicas and all other workers have written to their logs."""
        folder = self.folder / "session_latest" / "logs"
        logs = [*folder.glob("serve/*.log"), *folder.glob("worker-*")]
        return "\n".join(log.read_text(errors="replace") for log in logs)


@dataclass(frozen=True)
class ServedByRay(RunningService):
    """The service on a cluster, for tests that know it as one process."""

    cluster: Cluster

    def output(self) -> str:
        return self.cluster.output()


@contextlib.contextmanager
def running_cluster(workers: int, cpus: int = 1) -> Iterator[Cluster]:
    """Start a head and so many workers; end them all."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # paths of its sockets must be short
    # Ray writes the address of each cluster there, too, and on a fresh machine it is not there.
    (Path(tempfile.gettempdir()) / "ray").mkdir(exist_ok=True)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Ray's workers give way to all other processes: beside busy ones they would hardly run.
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (its own spelling)
    from ray.cluster_utils import Cluster as RayCluster

    ray = RayCluster(
        initialize_head=True,
        head_node_args={
            "num_cpus": 0,
            "include_dashboard": False,
            "object_store_memory": OBJECT_STORE_BYTES,
            "temp_dir": str(folder),
            "_system_config": SYSTEM,
        },
    )
    cluster = Cluster(ray, folder)
    try:
        for _ in range(workers):
            cluster.add(cpus)
        yield cluster
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def served(cluster: Cluster, *arguments: str, **settings: object) -> Iterator[ServedByRay]:
    """Deploy the service, and stop it at the end."""
    port = int(str(settings.setdefault("PORT", free_port())))
    settings.setdefault("RATE_LIMIT", "1000000 per minute")
    done = cluster.run("serve", *arguments, **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    process: Any = None
    yield ServedByRay(f"http://127.0.0.1:{port}", process, cluster.folder, cluster)
    done = cluster.run("stop")
    assert done.returncode == 0, done.stdout + done.stderr


def raylet_of(node: Any) -> int:
    """The process id of a node's raylet."""
    (raylet,) = node.all_processes["raylet"]
    return int(raylet.process.pid)


def children(pid: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(child) for child in tasks.read_text().split()]
    return found


def descendants(pid: int) -> list[int]:
    below = children(pid)
    return below + [deeper for child in below for deeper in descendants(child)]


def processes(node: Any, title: str) -> list[int]:
    """Processes of a node whose title holds these words, such as `ServeReplica`."""
    found = []
    for pid in descendants(raylet_of(node)):
        with contextlib.suppress(OSError):
            if title in Path(f"/proc/{pid}/cmdline").read_text(errors="replace"):
                found.append(pid)
    return found


def eventually(true: Callable[[], object], what: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until something is true."""
    end = time.monotonic() + patience_s
    while not true():
        assert time.monotonic() < end, f"in vain: {what}"
        time.sleep(0.1)
