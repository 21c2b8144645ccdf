"""Makes the OpenAPI document as a whole: the service, its operations, its schemas."""

import re
from collections.abc import Iterator
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.openapi.operation import Operation, Tag, endpoints
from api.openapi.responses import COMPONENTS, media, responses
from api.schemas.answers import ProblemDetails

SUMMARY = "Says whether a picture shows a cat, a dog, both or neither."
DESCRIPTION = """\
Send a picture and get an answer in JSON:

    curl -F image=@photo.jpg http://127.0.0.1:8000/api/v1/classify

[The quickstart](quickstart) has the same in Python, JavaScript and PHP.

* **Pictures** are JPEG, PNG, WebP, GIF or AVIF: a file in a form, a raw body, a link or base64 in \
JSON. Nothing of a picture is kept, unless it is given as feedback.
* **Errors** are `application/problem+json` (RFC 9457). Go by `code`, which never changes its \
meaning; `detail` says what to do.
* **Limits**: `RateLimit` says how many requests are left. Where there are too many, or the \
service is busy, `Retry-After` says when to try again.
* **Keys** are optional: one lifts the limit. Send it as `X-API-Key` or as a bearer token.
"""
OPTIONAL_KEY: list[dict[str, list[str]]] = [{}, {"key": []}, {"bearer": []}]


def build(app: Flask, version: str, contact: str | None = None) -> dict[str, Any]:
    """The OpenAPI document of an application.

    Args:
        app: with all its endpoints.
        version: of the HTTP contract.
        contact: address of who runs the service: a web page, or mail.

    Raises:
        LookupError: an endpoint says nothing of itself.
    """
    paths: dict[str, dict[str, Any]] = {}
    models: set[type[BaseModel]] = {ProblemDetails}
    tags: set[Tag] = set()
    for path, method, function in endpoints(app):
        operation: Operation = function.operation
        paths.setdefault(path, {})[method] = _operation(function, operation)
        models |= set(_models(operation))
        tags.add(operation.tag)
    _, schemas = models_json_schema(
        [(model, "serialization") for model in sorted(models, key=lambda model: model.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "dogorcat",
            "version": version,
            "summary": SUMMARY,
            "description": DESCRIPTION,
            "contact": _contact(contact),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This service"}],
        "externalDocs": {
            "url": "/api/quickstart",
            "description": "Quickstart: curl, Python, JavaScript, PHP",
        },
        "tags": [
            {"name": name, "description": description}
            for name, description in (tag.value for tag in Tag if tag in tags)
        ],
        "paths": paths,
        "components": {"schemas": schemas["$defs"], **COMPONENTS},
    }


def _contact(address: str | None) -> dict[str, str]:
    found = {"name": "Whoever runs this service"}
    if address and re.fullmatch(r"https?://\S+", address):
        found["url"] = address
    elif address and re.fullmatch(r"[^\s@]+@[^\s@]+", address):
        found["email"] = address
    elif address:
        found["name"] = address
    return found


def _operation(function: Any, operation: Operation) -> dict[str, Any]:
    summary, _, description = (function.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag.value[0]],
        "summary": summary.strip().rstrip("."),
        "description": re.sub(r"\s+", " ", description).strip(),
    }
    if operation.deprecated:
        found["deprecated"] = True
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": text,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, (text, example) in operation.path.items()
    ]
    if operation.query:
        parameters += _query(operation.query)
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        content = {kind: media(schema) for kind, schema in operation.body.items()}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = responses(operation)
    if operation.counted:
        found["security"] = OPTIONAL_KEY
    return found


def _query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """Without examples of values: Swagger UI would send them unless one takes them out."""
    whole = model.model_json_schema()
    found = []
    for name, schema in whole.get("properties", {}).items():
        if {"type": "null"} in schema.get("anyOf", ()):  # a parameter is left out, never null
            (kind,) = (kind for kind in schema.pop("anyOf") if kind != {"type": "null"})
            schema |= kind
            schema.pop("default", None)
        schema.pop("title", None)
        found.append(
            {
                "name": name,
                "in": "query",
                "required": name in whole.get("required", ()),
                "description": schema.pop("description", ""),
                "schema": schema,
            }
        )
    return found


def _models(operation: Operation) -> Iterator[type[BaseModel]]:
    for schema in (*operation.body.values(), operation.answer):
        for model in schema if isinstance(schema, tuple) else (schema,):
            if isinstance(model, type):
                yield model
