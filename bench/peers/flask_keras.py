"""The classic: Flask, and Keras's `model.predict` for each request. Two gunicorn workers.

MODEL_FILE is a .keras file; without one a MobileNetV2 with random weights stands in, which costs
as much. Runs in the environment of the training tools, which has TensorFlow.
"""

import os

import keras
import numpy as np
from flask import Flask, request
from PIL import Image

app = Flask(__name__)
file = os.environ.get("MODEL_FILE")
if file:
    trained = keras.models.load_model(file)
    model = keras.Model(trained.input, keras.ops.softmax(trained.get_layer("logits").output))
else:
    backbone = keras.applications.MobileNetV2(include_top=False, weights=None, pooling="avg")
    head = keras.layers.Dense(2, activation="softmax")(backbone.output)
    model = keras.Model(backbone.input, head)
labels = os.environ["LABELS"].split(",")


@app.post("/classify")
def classify() -> dict[str, float]:
    image = Image.open(request.files["image"].stream).convert("RGB").resize((224, 224))
    scores = model.predict(np.asarray(image)[np.newaxis], verbose=0)[0]
    return dict(zip(labels, map(float, scores), strict=True))
