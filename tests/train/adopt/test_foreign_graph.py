"""SavedModel folders and .tflite files: served as TensorFlow answers them, or refused."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from common.model.card import ONNX
from common.model.classifier import Classifier
from train.__main__ import main

L = keras.layers
PICTURES = np.random.default_rng(1).integers(0, 256, (6, 20, 20, 3)).astype(np.uint8)
PREPARED = PICTURES.astype(np.float32) / 255
Kind = str | None


def network(end: Kind = "softmax", outputs: int = 2, channels: int = 3, **more: Any) -> keras.Model:
    keras.utils.set_random_seed(3)
    body = [L.Conv2D(8, 3, activation="relu"), L.MaxPooling2D(), L.Flatten()]
    inputs = keras.Input((20, 20, channels), **more)
    return keras.Sequential([inputs, *body, L.Dense(outputs, activation=end)])


def examples() -> Iterator[list[np.ndarray]]:
    for picture in PREPARED:
        yield [picture[None]]


def lite(model: keras.Model, bits: str = "float32") -> bytes:
    """A .tflite file; `dynamic`: weights of 8 bits, `uint8` and `int8`: inputs and outputs, too."""
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    if bits != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if bits in ("uint8", "int8"):
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = getattr(tf, bits)
        converter.inference_output_type = getattr(tf, bits)
    content: bytes = converter.convert()
    return content


def adopt(file: Path, out: Path, *more: str) -> int:
    command = ["adopt", str(file), "--labels", "cat,dog", "--scale", "1/255", "--out", str(out)]
    return main([*command, *more])


def scores(found: np.ndarray, end: Kind) -> np.ndarray:
    if end == "sigmoid":
        return np.concatenate([1 - found, found], axis=1)
    if found.shape[1] == 1:
        found = np.concatenate([np.zeros_like(found), found], axis=1)
    return found if end else np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)


def served(out: Path) -> np.ndarray:
    classifier = Classifier.load(out)
    assert set(classifier.card.files) == {ONNX} == {file.name for file in out.glob("model*")}
    return classifier.run(PICTURES, ["scores"])[0]


@pytest.mark.parametrize(
    ("form", "outputs", "end"),
    [("folder", 1, "sigmoid"), ("folder", 2, None), ("lite", 2, "softmax"), ("lite", 1, None)],
)
def test_answers_as_before(
    form: str, outputs: int, end: Kind, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, file = network(end, outputs), tmp_path / "their model"
    if form == "folder":
        model.export(file, verbose=False)
    else:
        file.write_bytes(lite(model))
    assert adopt(file, tmp_path / "out") == 0
    said = "probabilities" if end else "logits"
    assert f"gives {said}, by what comes out of it" in capsys.readouterr().err
    expected = scores(model.predict(PREPARED, verbose=0), end)
    np.testing.assert_allclose(served(tmp_path / "out"), expected, atol=1e-4)


@pytest.mark.filterwarnings("ignore:Statistics for quantized inputs were expected")
@pytest.mark.parametrize("bits", ["dynamic", "uint8", "int8"])
def test_of_8_bits(bits: str, tmp_path: Path) -> None:
    file, model = tmp_path / "their.tflite", network()
    file.write_bytes(lite(model, bits))
    assert adopt(file, tmp_path / "out") == 0
    found = served(tmp_path / "out")
    np.testing.assert_allclose(found, model.predict(PREPARED, verbose=0), atol=0.03)
    alone = Classifier.load(tmp_path / "out").run(PICTURES[:1], ["scores"])[0]
    np.testing.assert_allclose(found[:1], alone, atol=1e-6)


def test_made_for_one_picture_at_a_time(tmp_path: Path) -> None:
    file, model = tmp_path / "their.tflite", network(batch_size=1)
    file.write_bytes(lite(model))
    assert adopt(file, tmp_path / "out") == 0
    expected = np.concatenate([model(picture[None]) for picture in PREPARED])
    np.testing.assert_allclose(served(tmp_path / "out"), expected, atol=1e-4)


def test_of_grey_pictures(tmp_path: Path) -> None:
    model = network(channels=1)
    model.export(tmp_path / "grey", verbose=False)
    assert adopt(tmp_path / "grey", tmp_path / "out") == 0
    expected = model.predict(PREPARED @ np.float32([[0.299], [0.587], [0.114]]), verbose=0)
    np.testing.assert_allclose(served(tmp_path / "out"), expected, atol=1e-4)


def test_of_any_size_and_channels_first(tmp_path: Path) -> None:
    inputs = keras.Input((3, None, None))
    x = L.Conv2D(8, 3, activation="relu")(L.Permute((2, 3, 1))(inputs))
    model = keras.Model(inputs, L.Dense(2, activation="softmax")(L.GlobalAveragePooling2D()(x)))
    model.export(tmp_path / "any", verbose=False)
    assert adopt(tmp_path / "any", tmp_path / "none") == 2
    assert adopt(tmp_path / "any", tmp_path / "out", "--size", "20") == 0
    expected = model.predict(PREPARED.transpose(0, 3, 1, 2), verbose=0)
    np.testing.assert_allclose(served(tmp_path / "out"), expected, atol=1e-4)


def test_measured_where_there_are_photos(own_data: Path, tmp_path: Path) -> None:
    network().export(tmp_path / "their", verbose=False)
    more = ["--labels", "circles,squares", "--data", str(own_data)]
    assert adopt(tmp_path / "their", tmp_path / "out", *more) == 0
    assert Classifier.load(tmp_path / "out").card.metrics[0].data == "DATA/validation, 6 photos"
    assert (tmp_path / "out" / "report" / "index.html").exists()


def two_outputs(file: Path) -> None:
    inputs = keras.Input((20, 20, 3))
    x = L.Flatten()(inputs)
    keras.Model(inputs, [L.Dense(2)(x), L.Dense(1)(x)]).export(file, verbose=False)


def two_inputs(file: Path) -> None:
    inputs = [keras.Input((20, 20, 3)), keras.Input((20, 20, 3))]
    x = L.Flatten()(L.Add()(inputs))
    file.write_bytes(lite(keras.Model(inputs, L.Dense(2)(x))))


class Graph(tf.Module):
    """A SavedModel of one function."""

    def __init__(self, function: Callable[..., Any], shape: tuple[int | None, ...]) -> None:
        super().__init__()
        self.serve = tf.function(function, [tf.TensorSpec(shape, tf.float32, name="x")])

    def save(self, file: Path, **signatures: Any) -> None:
        tf.saved_model.save(self, str(file), signatures=signatures)


def unknown_operation(file: Path) -> None:
    def means(x: tf.Tensor) -> dict[str, tf.Tensor]:
        x = tf.math.betainc(1.0, 2.0, tf.clip_by_value(x, 0.0, 1.0))
        return {"y": tf.reduce_mean(x, (1, 2))[:, :2]}

    graph = Graph(means, (None, 20, 20, 3))
    graph.save(file, serving_default=graph.serve)


def reads_files(file: Path) -> None:
    def read(x: tf.Tensor) -> dict[str, tf.Tensor]:
        size = tf.cast(tf.strings.length(tf.io.read_file("/etc/passwd")), tf.float32)
        return {"y": tf.reduce_mean(x, (1, 2))[:, :2] + size}

    graph = Graph(read, (None, 20, 20, 3))
    graph.save(file, serving_default=graph.serve)


def no_signature(file: Path) -> None:
    Graph(lambda x: {"y": x}, (None, 20, 20, 3)).save(file)


def rows(file: Path) -> None:
    graph = Graph(lambda x: {"y": x}, (None, 2))
    graph.save(file, serving_default=graph.serve)


def maps(file: Path) -> None:
    keras.Sequential([keras.Input((20, 20, 3)), L.Conv2D(2, 1)]).export(file, verbose=False)


def damaged_folder(file: Path) -> None:
    file.mkdir()
    (file / "saved_model.pb").write_bytes(b"x")


def without_weights(file: Path) -> None:
    network().export(file, verbose=False)
    for part in (file / "variables").iterdir():
        part.unlink()


def cut_lite(file: Path) -> None:
    content = lite(network())
    file.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("write", "more", "words"),
    [
        (two_outputs, [], "has 2 outputs side by side"),
        (two_inputs, [], "takes 2 inputs"),
        (unknown_operation, [], "has the operation Betainc, which ONNX does not know"),
        (reads_files, [], "has the operation ReadFile"),
        (no_signature, [], "has no signature serving_default"),
        (rows, [], "takes (2,), not pictures"),
        (maps, [], "gives (20, 20, 2) for a picture"),
        (damaged_folder, [], "saved_model.pb is damaged"),
        (without_weights, [], "cannot be converted"),
        (cut_lite, [], "cannot be converted"),
        (lambda file: file.write_bytes(b"\x1c\0\0\0TFL3\0"), [], "cannot be converted"),
        (lambda file: file.write_bytes(lite(network())), ["--size", "64"], "takes 20x20 pictures"),
        (lambda file: file.write_bytes(lite(network())), ["--labels", "a,b,c"], "has 2 outputs; "),
        (lambda file: file.write_bytes(lite(network())), ["--backbone", "VGG16"], "--backbone is"),
    ],
)
def test_refused(
    write: Callable[[Path], None], more: list[str], words: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    write(tmp_path / "their")
    capsys.readouterr()
    assert adopt(tmp_path / "their", tmp_path / "out", *more) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["their"]
