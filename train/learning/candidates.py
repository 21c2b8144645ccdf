"""What `train auto` tries, in which order, and what each costs.

The unit of cost is one look at a photo: decoding it, and one pass through the first network, as the
served file does it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

BACKBONES = {"EfficientNetLite0": 1.0, "EfficientNetLite2": 1.7, "EfficientNetLite1": 1.3}
"""Networks whose weights are installed, in the order of trying, and what one look at a photo takes,
decoding included, in looks of the first."""
TUNING = 21.0
"""Looks that fine-tuning takes for each photo: three epochs there and back, beside a teacher."""
ROBUST = 80_000.0
"""Looks that `robust` takes, however many photos there are: it learns from 16,384 views of them."""
SCRATCH = 60.0
"""Looks that `small --augment` takes for each photo: forty epochs of a small network."""


@dataclass(frozen=True)
class Candidate:
    """A recipe with its settings."""

    command: tuple[str, ...]
    """Recipe and options, without those that say where photos and results are."""
    looks: float
    """What it costs for each photo, in looks of the first network of `BACKBONES`."""
    fixed: float = 0.0
    """What it costs besides, whatever the number of photos, in such looks."""
    pretrained: bool = True
    """Whether it starts from a network whose features are cached."""

    @property
    def name(self) -> str:
        return " ".join(self.command)

    def looks_at(self, photos: int) -> float:
        return self.looks * photos + self.fixed


def candidates(best: Callable[[], str | None]) -> Iterator[Candidate]:
    """What is tried, in order: heads on each installed network, then what takes longer.

    Args:
        best: the name of the best so far; None if no model has come of any.
    """
    for backbone, looks in BACKBONES.items():
        yield Candidate(("bottleneck", "--backbone", backbone), looks=looks)
    head = best()
    if head is None:  # no pretrained network can be had here
        yield Candidate(("small", "--augment"), looks=SCRATCH, pretrained=False)
        return
    backbone = head.split()[-1]
    yield Candidate(("fine-tune", "--backbone", backbone), looks=TUNING * BACKBONES[backbone])
    yield Candidate(("robust",), looks=0.0, fixed=ROBUST)
