"""The service on several nodes: spread, killed, upgraded, scaled and overloaded."""

import concurrent.futures
import os
import random
import signal
import time
from pathlib import Path

from support.colour_model import write_colour_model
from tests.api.conftest import RED
from tests.cluster.load import ask, load
from tests.cluster.machines import Cluster, ServedByRay, eventually, processes

CLIENTS = 6
ENDING_S = 2.0
"""Until the sockets of a killed process are closed and the others know of it, on a busy machine."""


def replicas(cluster: Cluster) -> list[int]:
    return [pid for node in cluster.workers for pid in processes(node, "ServeReplica")]


def cpu_seconds(pid: int) -> float:
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def all_answered(service: ServedByRay, number: int = 40) -> bool:
    return all(ask(service.url, RED).ok for _ in range(number))


def test_requests_are_spread_over_the_nodes(cluster: Cluster, service: ServedByRay) -> None:
    pids = replicas(cluster)
    assert len(pids) == 2
    assert all(len(processes(node, "ServeReplica")) == 1 for node in cluster.workers)
    before = {pid: cpu_seconds(pid) for pid in pids}
    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        outcomes = list(pool.map(lambda _: ask(service.url, RED), range(200)))
    assert all(outcome.ok for outcome in outcomes)
    spent = [cpu_seconds(pid) - before[pid] for pid in pids]
    assert min(spent) > max(spent) / 4, spent


def test_a_killed_replica_loses_what_it_held(cluster: Cluster, service: ServedByRay) -> None:
    with load(service.url, RED, CLIENTS) as seen:
        time.sleep(random.uniform(1, 2))
        killed = time.monotonic()
        victim = random.choice(replicas(cluster))
        os.kill(victim, signal.SIGKILL)
        eventually(lambda: len(set(replicas(cluster)) - {victim}) == 2, "two replicas again")
        time.sleep(1)
    assert len(seen.lost) <= CLIENTS
    for outcome in seen.lost:
        assert outcome.began < killed + ENDING_S, outcome
        if outcome.answer is not None:  # it may also end in the middle of one
            assert outcome.answer.json()["code"] == "not_ready"
            assert outcome.answer.headers["Retry-After"] == "2"
    assert all_answered(service)


def test_a_killed_node_loses_what_it_held(cluster: Cluster, service: ServedByRay) -> None:
    with load(service.url, RED, CLIENTS) as seen:
        time.sleep(random.uniform(1, 2))
        killed = cluster.kill(random.choice(cluster.workers))
        time.sleep(3)
        cluster.add()
        eventually(lambda: len(replicas(cluster)) == 2, "two replicas again")
        time.sleep(1)
    # A client may lose the request it had under way, and one more that it sent to the node's proxy
    # while the killed processes were ending: on one machine all proxies share a port.
    assert len(seen.lost) <= 2 * CLIENTS, seen.lost
    late = [outcome for outcome in seen.lost if outcome.began > killed + ENDING_S]
    assert not late, (killed, late)
    eventually(lambda: all_answered(service), "the service as it was")


def test_an_upgrade_loses_nothing(cluster: Cluster, service: ServedByRay, tmp_path: Path) -> None:
    write_colour_model(tmp_path / "cat_dog", version="next")
    port = service.url.rpartition(":")[2]
    with load(service.url, RED, CLIENTS) as seen:
        time.sleep(1)
        done = cluster.run(
            "serve", "--min-replicas", "2", MODEL_DIR=tmp_path, PORT=port, RATE_LIMIT="9999/second"
        )
        assert done.returncode == 0, done.stderr
        time.sleep(1)
    assert not seen.lost
    answers = [outcome.answer for outcome in seen.outcomes if outcome.answer is not None]
    versions = [answer.json()["model"]["version"] for answer in answers]
    assert versions[0] == "1"
    assert set(versions[-5:]) == {"next"}


def test_an_upgrade_to_what_cannot_be_served_changes_nothing(
    cluster: Cluster, service: ServedByRay, tmp_path: Path
) -> None:
    write_colour_model(tmp_path / "cat_dog", version="broken")
    (tmp_path / "cat_dog" / "model.onnx").write_bytes(b"")
    done = cluster.run("serve", MODEL_DIR=tmp_path)
    assert done.returncode == 2
    assert "SHA-256 differs" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert all_answered(service, 5)


def test_too_many_are_told_so_and_it_scales_with_the_load(
    cluster: Cluster, service: ServedByRay, model_dir: Path
) -> None:
    port = service.url.rpartition(":")[2]
    done = cluster.run(
        "serve", "--max-replicas", "2", "--target-ongoing", "1", "--max-ongoing", "2",
        "--max-queued", "2", "--upscale-delay", "1", "--downscale-delay", "2",
        MODEL_DIR=model_dir, PORT=port, RATE_LIMIT="9999/second",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    eventually(lambda: len(replicas(cluster)) == 1, "one replica when nobody asks")
    with load(service.url, RED, clients=30) as seen:
        eventually(lambda: len(replicas(cluster)) == 2, "a second replica under load")
    eventually(lambda: len(replicas(cluster)) == 1, "one replica again")
    assert "replicas: 1 running" in cluster.run("status").stdout
    refused = [outcome.answer for outcome in seen.lost]
    assert refused
    for answer in refused:
        assert answer is not None
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert any(outcome.ok for outcome in seen.outcomes)
