"""LitServe: its four verbs, and one worker for each core. `python litserve_onnx.py`

No batching: its documentation leaves it off, and on a CPU it gains nothing for this model.
"""

import os

import litserve as ls
import numpy as np
from fastapi import Request
from model import Model
from PIL import Image


class Classify(ls.LitAPI):
    def setup(self, device: str) -> None:
        self.model = Model()

    def decode_request(self, request: Request) -> np.ndarray:
        return self.model.pixels(Image.open(request["image"].file))

    def predict(self, pixels: np.ndarray) -> dict[str, float]:
        return self.model.scores(pixels)

    def encode_response(self, scores: dict[str, float]) -> dict[str, float]:
        return scores


if __name__ == "__main__":
    workers = int(os.environ["WORKERS"])
    api = Classify(api_path="/classify")
    server = ls.LitServer(api, accelerator="cpu", workers_per_device=workers)
    server.run(port=int(os.environ["PORT"]), generate_client_file=False, log_level="warning")
