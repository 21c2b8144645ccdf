"""What a bulk job is going to do, written down before any cluster is needed."""

from collections.abc import Iterable
from dataclasses import dataclass

from api.settings import Settings
from cluster.bulk.shards import Manifest, ModelStamp, ShardFolder
from common.card import FILES
from common.classifier import Classifier


@dataclass(frozen=True)
class Plan:
    """A job that can be started."""

    output: ShardFolder
    manifest: Manifest
    model: str
    settings: Settings
    """With the precision that all workers run, whatever their own CPUs are fastest with."""


def plan(paths: Iterable[str], output: ShardFolder, settings: Settings, shard_rows: int) -> Plan:
    """Write down what is to be done, before any cluster is needed.

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
