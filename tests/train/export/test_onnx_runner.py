"""A frozen network in ONNX Runtime says what Keras says, or nothing."""

import time

import keras
import numpy as np
import pytest

from common.errors import ModelError
from train.export.onnx_runner import onnx_runner
from train.photos.dataset import parallel_batches


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    pictures = keras.Input((16, 16, 3), dtype="uint8", name="pictures")
    scaled = keras.layers.Rescaling(1 / 127.5, -1)(pictures)
    maps = keras.layers.Conv2D(8, 3, activation="relu")(scaled)
    return keras.Model(pictures, {"mean": keras.layers.GlobalAveragePooling2D()(maps)})


def some(count: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16, 16, 3), dtype=np.uint8)


def test_it_says_what_keras_says(network: keras.Model) -> None:
    run = onnx_runner(network, some(2))
    for count in (1, 5):
        expected = network.predict_on_batch(some(count))
        np.testing.assert_allclose(run(some(count))["mean"], expected["mean"], atol=1e-4)


def test_a_network_that_differs_is_refused(
    network: keras.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("train.export.onnx_runner.PARITY", -1.0)
    with pytest.raises(ModelError, match="its features differ"):
        onnx_runner(network, some(2))


def test_work_on_every_cpu_comes_in_order() -> None:
    found = [(list(which), said) for which, said in parallel_batches(sum, 10, 4, "Adding")]
    assert found == [([0, 1, 2, 3], 6), ([4, 5, 6], 15), ([7, 8, 9], 24)]


def test_work_on_every_cpu_ends_with_its_first_mistake() -> None:
    done = []

    def work(which: np.ndarray) -> None:
        done.append(which)
        time.sleep(0.02)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        list(parallel_batches(work, 1000, 1, "Failing"))
    assert len(done) < 1000  # which would have taken seconds
