"""What convolutions answer, and the sheet of it."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from train.__main__ import main


@pytest.mark.parametrize("model", ["tiny", "probe"])
def test_activations_are_those_of_the_network(
    model: str, data: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(model)
    photo = next((data / "validation" / "stripes").iterdir())
    out = tmp_path / "sheet.png"
    assert main(["activations", str(folder), str(photo), "--out", str(out), "--layers", "3"]) == 0
    assert np.asarray(Image.open(out)).std() > 10


def test_activations_of_a_known_kernel() -> None:
    import keras

    from train.networks import parts
    from train.report.activations import activations

    pictures = parts.pictures((8, 8))
    scaled = keras.layers.Rescaling(1 / 255)(pictures)
    convolution = keras.layers.Conv2D(1, 1, name="red")
    inner_input = keras.Input((8, 8, 3))
    inner = keras.Model(inner_input, convolution(inner_input))
    convolution.set_weights([np.array([1.0, 0, 0]).reshape(1, 1, 3, 1), np.zeros(1)])
    model = keras.Model(pictures, inner(scaled))
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 8, 3)).astype(np.uint8)
    seen = activations(model, picture, 5)
    assert list(seen) == ["red"]
    np.testing.assert_allclose(seen["red"][..., 0], picture[..., 0] / 255, atol=1e-6)


def test_commands_that_look_inside_need_the_keras_file(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bare"
    shutil.copytree(tiny, folder, ignore=shutil.ignore_patterns("*.keras"))
    photo = tmp_path / "photo.jpg"
    assert main(["activations", str(folder), str(photo)]) == 2
    assert "photo.jpg cannot be read" in capsys.readouterr().err
    photo.write_bytes(b"not looked at yet")
    assert main(["activations", str(folder), str(photo)]) == 2
    assert "has no model.keras" in capsys.readouterr().err
    assert main(["summary", str(folder)]) == 0
