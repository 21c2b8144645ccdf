"""Says in plain words what pydantic finds wrong with a setting or a request."""

import difflib

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

# pydantic's type of an error -> the end of a sentence about it
_WORDS = {
    "missing": "is missing",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a whole number of reasonable size",
    "int_from_float": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "string_type": "must be text",
    "string_unicode": "must be valid Unicode",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "does not have the right form",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "too_short": "must not be empty",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "value_error": "{error}",
}


def in_words(error: ErrorDetails) -> str:
    """What is wrong with a value, as the end of a sentence that names it."""
    text = _WORDS.get(error["type"], "is not right")
    return text.format_map(error.get("ctx", {}))


def sentence(error: ValidationError, model: type[BaseModel], kind: str) -> str:
    """What is wrong with a request, and what is right.

    Args:
        model: what was expected.
        kind: what its fields are called: `parameter` or `member`.
    """
    first = error.errors(include_url=False)[0]
    known = sorted(model.model_fields)
    if first["type"] == "json_invalid":
        return "The body is not valid JSON."
    if first["type"] in {"model_type", "model_attributes_type", "dict_type"} and not first["loc"]:
        members = " or ".join(f'{{"{name}": …}}' for name in known)
        return f"The body must be a JSON object: {members}."
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        return f"The {kind} {name!r} is not known. {_hint(name, known)}"
    return f"The {kind} {name!r} {in_words(first)}."


def _hint(name: str, known: list[str]) -> str:
    if not known:
        return "There are none here."
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{close[0]}`? " if close else ""
    return f"{hint}Known here: {', '.join(known)}."
