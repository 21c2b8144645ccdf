"""Declares what an endpoint takes and answers, and the order in which the document lists them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel

METHODS = ("GET", "POST")
# (`format` is what tools made for OpenAPI 3.0 go by.)
FILE = {
    "type": "string",
    "format": "binary",
    "contentMediaType": "application/octet-stream",
    "description": "A picture: JPEG, PNG, WebP, GIF or AVIF; HEIC where the service reads it.",
}
"""The schema of an uploaded file."""

Method = TypeVar("Method", bound=Callable[..., Any])


def form(fields: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    """The media type object of a form with these fields (name -> schema) and no others."""
    schema = {"properties": fields, "required": required, "additionalProperties": False}
    return {"schema": {"type": "object", **schema}}


class Tag(Enum):
    """The groups of operations, in the document's order: name and description."""

    CLASSIFY = ("Classify", "What is in a picture?")
    PHOTOS = ("Photos", "Pictures to try it with.")
    MODELS = ("Models", "Which models answer, how good they are and how that was measured.")
    FEEDBACK = ("Feedback", "Say what was wrong, so that the next model does better.")
    PAGE = ("Page", "For people: a picture goes in by link, file, paste or camera.")
    LEGACY = (
        "First version",
        "The two calls of the first version, for the programs that still make them.",
    )


@dataclass(frozen=True)
class Operation:
    """What one method of an endpoint takes and answers."""

    name: str
    """The operationId: what generated clients call it."""
    tag: Tag
    answered: str
    """What the answer is, in one sentence."""
    query: type[BaseModel] | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    """content type -> a media type object, a model, or several models of which one is sent."""
    answer: type[BaseModel] | Mapping[str, Any] = field(default_factory=dict)
    """A model of the JSON answer, or content type -> media type object."""
    path: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Name of a part of the path -> its description and an example."""
    problems: tuple[str, ...] = ()
    counted: bool = True
    """Whether it counts against a client's rate limit, which an API key lifts."""
    revalidated: bool = False
    """Whether the answer has an ETag."""

    @property
    def deprecated(self) -> bool:
        return self.tag is Tag.LEGACY


def documented(**kwargs: Any) -> Callable[[Method], Method]:
    """Attach an `Operation` to a method of a resource; its docstring is the rest."""

    def attach(method: Method) -> Method:
        method.operation = Operation(**kwargs)  # type: ignore[attr-defined]
        return method

    return attach


def endpoints(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Every (path, method, function) of the API, by tag and path; the internal ones left out.

    Of views that are plain functions those that are documented count.

    Raises:
        LookupError: an endpoint says nothing of itself.
    """
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        function = app.view_functions[rule.endpoint]
        view = getattr(function, "view_class", None)
        if getattr(view, "internal", False) or not (view or hasattr(function, "operation")):
            continue
        for method in sorted({*METHODS} & (rule.methods or set())):
            endpoint = getattr(view, method.lower()) if view else function
            if not hasattr(endpoint, "operation"):
                raise LookupError(f"{method} {path} is not documented")
            found.append((path, method.lower(), endpoint))
    tags = list(Tag)
    yield from sorted(found, key=lambda one: (tags.index(one[2].operation.tag), one[0]))
