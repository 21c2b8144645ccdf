"""Describes the answers of an operation, problems too, each with its headers and examples."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api import errors
from api.openapi.operation import Operation

EVERYWHERE = ("invalid_request", "overloaded", "unauthorized")
"""Problems that any documented endpoint may answer."""

HERE = Path(__file__).parent
COMPONENTS: dict[str, Any] = json.loads((HERE / "components.json").read_text(encoding="utf-8"))
"""Headers and security schemes, as OpenAPI has them."""
EXAMPLES: dict[str, Any] = json.loads((HERE / "examples.json").read_text(encoding="utf-8"))
"""`models`: model of `api.schemas` -> its examples; `problems`: code -> a `detail`."""
REQUEST_ID = COMPONENTS["headers"]["X-Request-Id"]["example"]
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
    named = [EXAMPLES["models"].get(model.__name__, {}) for model in models]
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
                        "value": errors.body(errors.Problem(code, EXAMPLES["problems"][code]))
                        | {"request_id": REQUEST_ID},
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
