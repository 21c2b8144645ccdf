"""Plain Flask under gunicorn. `gunicorn --worker-class gthread --workers CORES --threads 4 …`

No limits, no validation, no metrics: what a tutorial ends with.
"""

from flask import Flask, request
from model import Model
from PIL import Image

app = Flask(__name__)
model = Model()


@app.post("/classify")
def classify() -> dict[str, float]:
    return model.scores(model.pixels(Image.open(request.files["image"].stream)))
