"""The sheet of `limits`: a row for each way to disturb a photo, the answer below each picture."""

from PIL import Image, ImageDraw, ImageOps

from common.model.prediction import Prediction

TILE, EDGE, GAP, HEAD, CAPTION = (132, 92), 3, 8, 18, 28
EMPTY, RIGHT, WRONG = (238, 238, 238), (46, 125, 50), (198, 40, 40)


def sheet(rows: dict[str, list[tuple[str, Image.Image, Prediction]]], label: str) -> Image.Image:
    """Draw the sheet.

    Args:
        rows: name -> how much, the picture and the answer, the weakest first.
        label: the right answer; its pictures have a green edge, the others a red one.
    """
    columns = max(map(len, rows.values()))
    across, down = TILE[0] + GAP, HEAD + TILE[1] + CAPTION + GAP
    image = Image.new("RGB", (columns * across + GAP, len(rows) * down + GAP), "white")
    pen = ImageDraw.Draw(image)
    for i, (name, steps) in enumerate(rows.items()):
        top = GAP + i * down
        pen.text((GAP, top), name, "black", font_size=13)
        for j, (strength, picture, said) in enumerate(steps):
            colour = RIGHT if said.verdict == label else WRONG
            left, upper = GAP + j * across, top + HEAD
            image.paste(_tile(picture, colour), (left, upper))
            below = upper + TILE[1] + 3
            pen.text((left, below), strength, "black", font_size=12)
            pen.text((left + TILE[0], below), _words(said), colour, font_size=12, anchor="ra")
    return image


def _tile(picture: Image.Image, colour: tuple[int, int, int]) -> Image.Image:
    """The whole picture inside an edge."""
    inner = TILE[0] - 2 * EDGE, TILE[1] - 2 * EDGE
    return ImageOps.expand(ImageOps.pad(picture, inner, color=EMPTY), EDGE, colour)


def _words(said: Prediction) -> str:
    score = said.scores.get(said.verdict)
    return said.verdict if score is None else f"{said.verdict} {score:.2f}"
