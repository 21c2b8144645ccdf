"""Plans a bulk job: checks everything that can be checked without a cluster."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.settings import Settings
from cluster.bulk.shards import Manifest, ModelStamp, ShardFolder
from common.model.card import FILES
from common.model.classifier import Classifier


@dataclass(frozen=True)
class Plan:
    """A job that can be started."""

    output: ShardFolder
    manifest: Manifest
    model: str
    settings: Settings
    """With one precision for all workers, whichever would be fastest on their own CPUs."""


def plan(paths: Iterable[str], output: ShardFolder, settings: Settings, shard_rows: int) -> Plan:
    """Check the inputs and the model, and write the plan into the output folder.

    Args:
        paths: every input, as `cluster.bulk.inputs.Inputs` reads them.
        output: where the parts go.
        settings: the service's; its default model classifies.
        shard_rows: pictures of a part.

    Raises:
        ClusterError, ModelError: something is wrong with the inputs, the folder or the model.
    """
    name = settings.default_model
    model = Classifier.load(settings.model_dir / name, precision=settings.precision)
    sha256 = model.card.files[FILES[model.precision]].sha256
    stamp = ModelStamp(model.card.name, model.card.version, sha256)
    manifest = output.plan(paths, shard_rows, stamp)
    same_for_all = settings.model_copy(update={"precision": model.precision})
    return Plan(output, manifest, name, same_for_all)
