"""The answers of an operation, right ones and problems, each with its headers and examples."""

from collections.abc import Mapping
from typing import Any

from api import errors
from api.openapi import examples
from api.openapi.operation import Operation

EVERYWHERE = ("invalid_request", "overloaded", "unauthorized")
"""Problems that any documented endpoint may answer."""

HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": {
        "description": "The request's id: the one it brought, or a new one. Quote it to whoever "
        "runs the service.",
        "required": True,
        "schema": {"type": "string"},
        "example": examples.REQUEST_ID,
    },
    "Server-Timing": {
        "description": "Where the time went, in milliseconds; browsers show it.",
        "schema": {"type": "string"},
        "example": "wait;dur=0.1, decode;dur=2.1, inference;dur=3.0, total;dur=6.0",
    },
    "RateLimit": {
        "description": "Requests that are left (`r`) and the seconds until there are more (`t`); "
        "absent with an API key.",
        "schema": {"type": "string"},
        "example": '"client";r=59;t=60',
    },
    "RateLimit-Policy": {
        "description": "Requests (`q`) that a client may make in so many seconds (`w`).",
        "schema": {"type": "string"},
        "example": '"client";q=60;w=60',
    },
    "Retry-After": {
        "description": "Seconds after which to try again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    },
    "ETag": {
        "description": "Names this version of the answer: send it as `If-None-Match`.",
        "required": True,
        "schema": {"type": "string"},
        "example": '"5f3b1c07a9e24d68"',
    },
}
_RETRIED = {429, 503}


def responses(operation: Operation) -> dict[str, Any]:
    """status -> response object."""
    answer = operation.answer
    content = answer if isinstance(answer, Mapping) else {"application/json": answer}
    found: dict[str, Any] = {
        "200": {
            "description": operation.answered,
            "headers": _headers(operation, 200),
            "content": {kind: media(schema) for kind, schema in content.items()},
        }
    }
    if operation.revalidated:
        found["304"] = {
            "description": "The answer is still the one that `If-None-Match` names.",
            "headers": _headers(operation, 304),
        }
    by_status: dict[int, list[str]] = {}
    counted = ("rate_limited",) if operation.counted else ()
    for code in sorted({*operation.problems, *EVERYWHERE, *counted}):
        by_status.setdefault(errors.PROBLEMS[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        found[str(status)] = _problems(operation, status, codes)
    return found


def media(schema: Any) -> dict[str, Any]:
    """The media type object of one model or one of several, with examples; or it is ready."""
    if isinstance(schema, Mapping):
        return dict(schema)
    models = schema if isinstance(schema, tuple) else (schema,)
    references = [{"$ref": f"#/components/schemas/{model.__name__}"} for model in models]
    named = [examples.named(model.__name__) for model in models]
    return {
        "schema": references[0] if len(references) == 1 else {"oneOf": references},
        "examples": {name: example for some in named for name, example in some.items()},
    }


def _problems(operation: Operation, status: int, codes: list[str]) -> dict[str, Any]:
    return {
        "description": "; ".join(errors.PROBLEMS[code][1] for code in codes) + ".",
        "headers": _headers(operation, status),
        "content": {
            errors.CONTENT_TYPE: {
                "schema": {"$ref": "#/components/schemas/ProblemDetails"},
                "examples": {
                    code: {
                        "summary": errors.PROBLEMS[code][1],
                        "value": errors.body(errors.Problem(code, examples.DETAILS[code]))
                        | {"request_id": examples.REQUEST_ID},
                    }
                    for code in codes
                },
            }
        },
    }


def _headers(operation: Operation, status: int) -> dict[str, Any]:
    names = ["X-Request-Id"]
    if status == 200:
        names.append("Server-Timing")
    if operation.counted and status in (200, 429):
        names += ["RateLimit", "RateLimit-Policy"]
    if status in _RETRIED:
        names.append("Retry-After")
    if operation.revalidated and status in (200, 304):
        names.append("ETag")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
