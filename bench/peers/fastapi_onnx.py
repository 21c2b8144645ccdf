"""FastAPI under uvicorn. `uvicorn fastapi_onnx:app --workers CORES`

As FastAPI's documentation advises: `def`, not `async def`, for work that does not await, and one
worker process for each core; uvloop and httptools come with `uvicorn[standard]`.
"""

from fastapi import FastAPI, UploadFile
from model import Model
from PIL import Image

app = FastAPI()
model = Model()


@app.post("/classify")
def classify(image: UploadFile) -> dict[str, float]:
    return model.scores(model.pixels(Image.open(image.file)))
