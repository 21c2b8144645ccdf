"""What a request brings, checked by a model; what is wrong with it, said in our own words."""

import difflib
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from api.errors import Problem
from api.words import in_words

Model = TypeVar("Model", bound=BaseModel)

_NO_OBJECT = {"model_type", "model_attributes_type", "dict_type"}


def check_query(model: type[Model], values: Mapping[str, str]) -> Model:
    """The query parameters.

    Raises:
        Problem: `invalid_request`, naming the parameter and what is right.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _problem(error, model, "parameter") from None


def check_json(model: type[Model], data: bytes) -> Model:
    """A JSON body.

    Raises:
        Problem: `invalid_request`, naming the member and what is right.
    """
    try:
        return model.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise _problem(error, model, "member") from None


def _problem(error: ValidationError, model: type[BaseModel], kind: str) -> Problem:
    first = error.errors(include_url=False)[0]
    known = sorted(model.model_fields)
    if first["type"] == "json_invalid":
        return Problem("invalid_request", "The body is not valid JSON.")
    if first["type"] in _NO_OBJECT and not first["loc"]:
        members = " or ".join(f'{{"{name}": …}}' for name in known)
        return Problem("invalid_request", f"The body must be a JSON object: {members}.")
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return Problem("invalid_request", f"The {kind} {name!r} is not known. {_hint(name, known)}")
    return Problem("invalid_request", f"The {kind} {name!r} {in_words(first)}.")


def _hint(name: str, known: list[str]) -> str:
    if not known:
        return "There are none here."
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    return f"{hint}Known here: {', '.join(known)}."
