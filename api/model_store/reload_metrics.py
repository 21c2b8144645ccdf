"""How reloads went, for GET /metrics."""

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.model_store.state_dir import Outcome, StateDir


class ReloadMetrics(Collector):
    """Values from the file that the process of a reload writes at its end."""

    def __init__(self, state: StateDir) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        last = self._state.outcome or Outcome(self._state.generation, ended=0.0)
        reloads = Metric("dogorcat_reloads", "Reloads by how they ended.", "counter")
        reloads.add_sample("dogorcat_reloads_total", {"outcome": "accepted"}, last.accepted)
        reloads.add_sample("dogorcat_reloads_total", {"outcome": "refused"}, last.refused)
        yield reloads
        yield GaugeMetricFamily(
            "dogorcat_last_reload_timestamp_seconds",
            "When the last reload ended; 0 if there was none.",
            last.ended,
        )
        refused = GaugeMetricFamily(
            "dogorcat_last_reload_refused",
            "1 while the last reload was one that was refused, with the reason.",
            labels=("reason",),
        )
        refused.add_metric((last.reason or "",), float(bool(last.reason)))
        yield refused
