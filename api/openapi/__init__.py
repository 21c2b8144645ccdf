"""Writes the OpenAPI 3.1 document from what each endpoint declares about itself."""

from api.openapi.document import build
from api.openapi.operation import FILE, Operation, Tag, documented, endpoints, form

__all__ = ["FILE", "Operation", "Tag", "build", "documented", "endpoints", "form"]
