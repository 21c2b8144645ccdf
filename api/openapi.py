"""OpenAPI 3.1 from the code: each method says what it takes and answers; this writes it down."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api import errors
from api.schemas import ProblemDetails

METHODS = ("GET", "POST")
EVERYWHERE = ("invalid_request", "overloaded", "rate_limited", "unauthorized")
"""Problems that any documented endpoint may answer."""

Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass(frozen=True)
class Operation:
    """What one method of an endpoint takes and answers."""

    query: type[BaseModel] | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    """content type -> a model, or a JSON schema."""
    answer: type[BaseModel] | Mapping[str, Any] = field(default_factory=dict)
    """A model of the JSON answer, or content type -> JSON schema."""
    path: Mapping[str, str] = field(default_factory=dict)
    """Name of a part of the path -> an example."""
    problems: tuple[str, ...] = ()


def documented(**kwargs: Any) -> Callable[[Method], Method]:
    """Attach an `Operation` to a method of a resource; its docstring is the rest."""

    def attach(method: Method) -> Method:
        method.operation = Operation(**kwargs)  # type: ignore[attr-defined]
        return method

    return attach


def endpoints(app: Flask) -> Iterator[tuple[str, str, Any]]:
    """Every (path, method name, function) of the API; of other views those that are documented."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        path = re.sub(r"<(\w+)>", r"{\1}", rule.rule)
        function = app.view_functions[rule.endpoint]
        view = getattr(function, "view_class", None)
        for method in sorted({*METHODS} & (rule.methods or set())):
            if view and not getattr(view, "internal", False):
                yield path, method.lower(), getattr(view, method.lower())
            elif hasattr(function, "operation"):
                yield path, method.lower(), function


def build(app: Flask, version: str) -> dict[str, Any]:
    """The OpenAPI document of an application.

    Raises:
        LookupError: an endpoint says nothing of itself.
    """
    paths: dict[str, dict[str, Any]] = {}
    models: set[type[BaseModel]] = {ProblemDetails}
    for path, method, function in endpoints(app):
        operation: Operation | None = getattr(function, "operation", None)
        if operation is None:
            raise LookupError(f"{method.upper()} {path} is not documented")
        paths.setdefault(path, {})[method] = _operation(path, method, function, operation)
        models |= set(_models(operation))
    _, schemas = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dogorcat",
            "version": version,
            "summary": "Says whether a picture shows a cat, a dog or neither.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
            },
        },
        "security": [{}, {"key": []}],
    }


def _operation(path: str, method: str, function: Any, operation: Operation) -> dict[str, Any]:
    summary, _, description = (function.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{method}{path.removeprefix('/api/v1')}").strip("_"),
        "summary": summary.strip().rstrip("."),
        "description": re.sub(r"\s+", " ", description).strip(),
        "responses": _responses(operation),
    }
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, example in operation.path.items()
    ]
    if operation.query:
        parameters += _query(operation.query)
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        content = {kind: _media(schema) for kind, schema in operation.body.items()}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    required = set(model.model_json_schema().get("required", ()))
    found = []
    for name, schema in model.model_json_schema()["properties"].items():
        if {"type": "null"} in schema.get("anyOf", ()):  # a parameter is left out, never null
            (kind,) = (kind for kind in schema.pop("anyOf") if kind != {"type": "null"})
            schema |= kind
            schema.pop("default", None)
        schema.pop("title", None)
        description = schema.pop("description", "")
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "description": description,
                "schema": schema,
            }
        )
    return found


def _responses(operation: Operation) -> dict[str, Any]:
    answer = operation.answer
    media = answer if isinstance(answer, Mapping) else {"application/json": answer}
    found: dict[str, Any] = {
        "200": {
            "description": "The answer.",
            "content": {kind: _media(schema) for kind, schema in media.items()},
        }
    }
    by_status: dict[int, list[str]] = {}
    for code in sorted({*operation.problems, *EVERYWHERE}):
        by_status.setdefault(errors.PROBLEMS[code][0], []).append(code)
    for status, codes in sorted(by_status.items()):
        examples = {
            code: {"value": errors.body(errors.Problem(code, errors.PROBLEMS[code][1] + "."))}
            for code in codes
        }
        media_type = {
            "schema": {"$ref": "#/components/schemas/ProblemDetails"},
            "examples": examples,
        }
        found[str(status)] = {
            "description": "; ".join(errors.PROBLEMS[code][1] for code in codes) + ".",
            "content": {errors.CONTENT_TYPE: media_type},
        }
    return found


def _media(schema: Any) -> dict[str, Any]:
    if isinstance(schema, Mapping):
        return dict(schema)
    examples = schema.model_json_schema(mode="serialization").get("examples", [])
    return {
        "schema": {"$ref": f"#/components/schemas/{schema.__name__}"},
        "examples": {str(number): {"value": value} for number, value in enumerate(examples, 1)},
    }


def _models(operation: Operation) -> Iterator[type[BaseModel]]:
    for schema in (*operation.body.values(), operation.answer):
        if isinstance(schema, type) and issubclass(schema, BaseModel):
            yield schema


def as_json(document: Mapping[str, Any]) -> str:
    """The document as it is served."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
