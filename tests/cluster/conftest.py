"""One Ray cluster for all tests: a head, and two nodes with a replica each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api.conftest import World, model_dir, surroundings
from tests.cluster.machines import Cluster, ServedByRay, running_cluster, served

__all__ = ["model_dir"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster(workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def world(
    cluster: Cluster, model_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """What the tests of the API know as the service, on the cluster."""
    with (
        surroundings(tmp_path_factory.mktemp("service")) as (server, settings),
        served(cluster, "--min-replicas", "2", MODEL_DIR=model_dir, **settings) as service,
    ):
        yield World(service, server)


@pytest.fixture(scope="session")
def service(world: World) -> ServedByRay:
    assert isinstance(world.service, ServedByRay)
    return world.service
