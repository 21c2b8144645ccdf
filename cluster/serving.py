"""The service on Ray Serve: replicas of the Flask application on all machines."""

from dataclasses import dataclass

from ray import serve
from ray.exceptions import RayError
from ray.serve.config import AutoscalingConfig, BackpressureConfig, HTTPOptions, ProxyLocation

from api.app import create_app
from api.model_store.registry import ModelStore
from api.ratelimit.limiter import SPARE_THREADS
from api.settings import Settings
from cluster.asgi import AsgiApp
from cluster.connection import reason
from cluster.errors import ClusterError
from cluster.packaging import packaged_models
from common.cpus import usable_cpus

NAME = "dogorcat"
BACKSTOP_S = 5.0
"""Seconds after the application's own time limit at which Ray gives up a request."""


@dataclass(frozen=True)
class Scale:
    """How many replicas there are, and how much each of them takes on."""

    min_replicas: int = 1
    max_replicas: int = 1
    target_ongoing: float = 4.0
    """Requests in progress per replica that autoscaling aims at."""
    max_ongoing: int = 16
    """Requests that a replica works on at the same time: it has as many threads."""
    max_queued: int = 64
    """How many requests may wait in each proxy for a replica; one more is refused."""
    cpus: float = 1.0
    """CPUs that Ray reserves for a replica."""
    upscale_delay_s: float = 5.0
    downscale_delay_s: float = 60.0

    @property
    def most(self) -> int:
        """Replicas at the busiest."""
        return max(self.min_replicas, self.max_replicas)


def application(settings: Settings, scale: Scale) -> serve.Application:
    """The application, ready to be deployed."""

    def build() -> AsgiApp:
        here = {
            "model_dir": packaged_models(),
            "web_concurrency": usable_cpus(),  # a machine has a replica for each CPU
            "threads": scale.max_ongoing + SPARE_THREADS,  # so that Ray refuses first
        }
        app = create_app(settings.model_copy(update=here))
        return AsgiApp(app, scale.max_ongoing, settings.request_timeout_s)

    @serve.ingress(build)
    class Replica:
        """One copy of the service."""

        def check_health(self) -> None:
            """Ray asks this every few seconds, and replaces a replica that is not ready."""
            answer = self.app.app.test_client().get("/readyz")  # type: ignore[attr-defined]
            if answer.status_code != 200:
                raise RuntimeError(f"/readyz: {answer.status_code}")

    deployment = serve.deployment(
        Replica,
        name="api",
        max_ongoing_requests=scale.max_ongoing,
        max_queued_requests=scale.max_queued,
        backpressure_config=BackpressureConfig(status_code=503, retry_after_s=1),
        autoscaling_config=AutoscalingConfig(
            min_replicas=scale.min_replicas,
            max_replicas=scale.most,
            target_ongoing_requests=scale.target_ongoing,
            upscale_delay_s=scale.upscale_delay_s,
            downscale_delay_s=scale.downscale_delay_s,
            metrics_interval_s=1.0,
            look_back_period_s=max(2.0, min(30.0, scale.upscale_delay_s)),
        ),
        logging_config={"enable_access_log": False},  # the application and the proxies have one
        graceful_shutdown_timeout_s=settings.request_timeout_s + BACKSTOP_S,
        graceful_shutdown_wait_loop_s=0.5,
        health_check_period_s=5,
        health_check_timeout_s=10,
        ray_actor_options={"num_cpus": scale.cpus},
    )
    return deployment.bind()


def deploy(settings: Settings, scale: Scale) -> None:
    """Start the service on the connected cluster, or replace what runs there, replica by replica.

    Raises:
        ModelError: a model folder that cannot be served; what runs is not touched.
        ClusterError: the replicas do not start.
    """
    if settings.host.startswith("unix:"):
        raise ClusterError(f"HOST={settings.host}: on a cluster it must be a network address.")
    ModelStore(settings)
    try:
        serve.start(
            proxy_location=ProxyLocation.EveryNode,
            http_options=HTTPOptions(
                host=settings.host,
                port=settings.port,
                request_timeout_s=settings.request_timeout_s + BACKSTOP_S,
            ),
        )
        serve.run(application(settings, scale), name=NAME, route_prefix="/")
    except RayError as error:
        why = reason(error)
        raise ClusterError(f"The service does not start on the cluster: {why}") from error
    except (RuntimeError, TimeoutError) as error:
        raise ClusterError(f"The service does not start on the cluster: {error}") from error


def status() -> str:
    """A few lines of text on what runs on the connected cluster."""
    application = serve.status().applications.get(NAME)
    if application is None:
        return "The service does not run on this cluster."
    lines = [f"service: {application.status.value} {application.message}".rstrip()]
    for deployment in application.deployments.values():
        states = (f"{count} {state.lower()}" for state, count in deployment.replica_states.items())
        lines.append(f"replicas: {', '.join(states)}")
    return "\n".join(lines)


def stop() -> None:
    """Drain and end the service."""
    serve.shutdown()
