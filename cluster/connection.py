"""Connects to a Ray cluster: one that runs already, or a new one on this machine alone."""

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Set before Ray is imported: no usage statistics, and no warnings from its C++ side about what is
# intended here.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
# The application brings its own threads, so it may share Ray's event loop.
os.environ.setdefault("RAY_SERVE_RUN_USER_CODE_IN_SEPARATE_THREAD", "0")
os.environ.setdefault("RAY_SERVE_RUN_ROUTER_IN_SEPARATE_LOOP", "0")
os.environ.setdefault("RAY_SERVE_REQUEST_PATH_LOG_BUFFER_SIZE", "1000")
os.environ.setdefault("RAY_SERVE_LOG_TO_STDERR", "0")
# A proxy that is slow on a small or busy machine is not ended for it; by default after 5 and 10 s.
os.environ.setdefault("RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S", "60")
os.environ.setdefault("RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S", "30")

import ray

from cluster.errors import ClusterError
from cluster.packaging import package
from cluster.proxy_middleware import CALLBACK
from common.quiet import silenced_stderr

NAMESPACE = "dogorcat"


@contextmanager
def connected(address: str | None, model_dir: Path | None = None) -> Iterator[bool]:
    """Connect to a Ray cluster for the block.

    Args:
        address: `host:port` of a cluster's head; if left out, the one in RAY_ADDRESS or on this
            machine, and if there is none, a new one that lives as long as this process.
        model_dir: the models that travel to the workers; None where nothing will run.

    Yields:
        whether the cluster goes on running after the block.

    Raises:
        ClusterError: nothing answers at the address.
    """
    _check(address or os.environ.get("RAY_ADDRESS", "auto"))
    if model_dir is None:
        found = _init(address or "auto", {})
    else:
        with package(model_dir) as folder:
            environment = {name: os.environ[name] for name in os.environ if _is_for_ray(name)}
            environment["RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH"] = CALLBACK
            runtime_env = {"working_dir": str(folder), "env_vars": environment}
            found = _init(address or "auto", runtime_env)
            if not found and address is None and "RAY_ADDRESS" not in os.environ:
                _init("local", runtime_env)
    try:
        if not found and not ray.is_initialized():
            where = address or os.environ.get("RAY_ADDRESS") or "this machine"
            raise ClusterError(f"There is no Ray cluster at {where}.")
        yield found
    finally:
        ray.shutdown()


def _check(address: str) -> None:
    """Refuse within seconds an address where nothing listens; Ray itself tries for minutes."""
    if address in ("auto", "local"):
        return
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ClusterError(
            f"No Ray cluster answers at {address}: it should be host:port of its head."
        ) from error


def cpus() -> int:
    """CPUs of the connected cluster, at least 1."""
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def free_cpus() -> int:
    """CPUs that are not reserved by anything."""
    return int(ray.available_resources().get("CPU", 0))


def _init(address: str, runtime_env: dict[str, object]) -> bool:
    """Connect to a cluster or start one; False if there is none."""
    ours = {"include_dashboard": False} if address == "local" else {}
    try:
        with silenced_stderr():  # Ray's C++ code reports there that its log level is set
            ray.init(
                address=address,
                namespace=NAMESPACE,
                runtime_env=runtime_env,
                logging_level=logging.ERROR,
                log_to_driver=False,
                **ours,
            )
    except ConnectionError:
        return False
    except (ray.exceptions.RayError, RuntimeError, ValueError) as error:  # a wrong token, a typo
        raise ClusterError(f"The Ray cluster cannot be used: {reason(error)}") from error
    return address != "local"


def reason(error: Exception) -> str:
    """What an error of Ray comes down to: its last line, without those of Ray's own parts."""
    return str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__


def _is_for_ray(name: str) -> bool:
    return name.startswith("RAY_SERVE_") or name == "RAY_USAGE_STATS_ENABLED"
