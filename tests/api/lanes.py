"""A lane all of whose places are taken."""

from flask import Flask


def fill(app: Flask) -> None:
    """Take all places for pictures of an application, for as long as it lives."""
    lane = app.extensions["dogorcat"].lane
    taken = []
    while not lane.full:
        taken.append(lane.place())
        taken[-1].__enter__()
    app.extensions["taken"] = taken  # who forgets a place gives it back
