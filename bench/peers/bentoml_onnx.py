"""BentoML: a service with one worker for each core. `bentoml serve bentoml_onnx:Classify`

Adaptive batching is off, as it is by default: on a CPU it gains nothing for this model.
"""

import os

import bentoml
from model import Model
from PIL.Image import Image


@bentoml.service(workers=int(os.environ["WORKERS"]))
class Classify:
    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api
    def classify(self, image: Image) -> dict[str, float]:
        return self.model.scores(self.model.pixels(image))
